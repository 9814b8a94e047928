// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/runtime/loop.h"
#include "base/secret.h"
#include "providers/provider.h"

namespace acmed::providers {

/// What [provider.NAME] would say of the operator. For a real one it stands in config/provider_settings.h.
struct ExampleSettings {
  std::string url;  ///< of the API, without a final slash
  Secret token;
};

/// Changes records at "Example DNS", an operator that exists in these tests alone: the one to copy from for an operator
/// that has a token, JSON and records with ids.
std::unique_ptr<Provider> make_example(const ExampleSettings& settings, Loop& loop);

}  // namespace acmed::providers
