// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "config/config.h"
#include "daemon/store/records.h"

namespace acmed::deploy {

/// What a target's file of that kind holds. `certificate`: its name. Throws Refused ("crypto:form") when its key has no
/// such form. May take a tenth of a second.
Secret file_content(config::FileKind kind, const config::Target& target, const std::string& certificate,
                    const store::GenerationFiles& files);

/// Whether `content` is what such a file holds. PKCS #12 is different each time that it is written, so it is opened.
bool is_file_content(std::string_view content, config::FileKind kind, const config::Target& target,
                     const store::GenerationFiles& files);

}  // namespace acmed::deploy
