// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "config/config.h"
#include "daemon/control/doctor.h"
#include "daemon/control/keeping.h"
#include "daemon/keep/view.h"

/// The JSON of what the API tells. Its description is openapi.json.
namespace acmed::control {

/// `work`: of Progress. `now` tells how many days are left.
json::Object certificate_json(const keep::CertificateView& view, json::Value work, Time now);
json::Object trouble_json(const keep::TroubleView& trouble);
json::Object generation_json(const GenerationView& generation);
json::Object account_json(const AccountView& account);
json::Object ca_json(const CaView& ca);
json::Object provider_json(const ProviderView& provider);
json::Object fault_json(const config::Fault& fault);

/// Null when there is none.
json::Value time_json(std::optional<Time> time);

}  // namespace acmed::control
