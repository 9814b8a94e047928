// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "daemon/acmectl/text.h"
#include "daemon/doctor/line.h"

/// The control API's JSON as text for people. Pure functions: what is shown depends on the arguments alone. Every text
/// that came from elsewhere is cleaned. Lines end with a line end.
namespace acmed::acmectl {

/// A table of certificates, the worst first, each failing one with its sentence. `certificates`: an array of objects as
/// GET /v1/certificates has them.
std::string render_status(const json::Array& certificates, Time now, const Style& style);

/// The line under the table: counts, CAs, when something is due next. `status`: as GET /v1/status has it; what it lacks
/// is left out.
std::string render_summary(const json::Array& certificates, const json::Value& status, Time now, const Style& style);

/// All about one certificate.
std::string render_certificate(const json::Value& certificate, Time now, const Style& style);

/// Our accounts, as GET /v1/accounts has them.
std::string render_accounts(const json::Array& accounts, const Style& style);

/// The lines of an examination.
std::string render_lines(const std::vector<doctor::Line>& lines, const Style& style);

/// One step of an operation: what, the words about it, how long it took.
std::string render_step(const json::Value& step, const Style& style);

/// One event.
std::string render_event(const json::Value& event, const Style& style);

/// Whether something fails: what the exit status of `acmectl status` tells.
bool is_failing(const json::Value& certificate);

}  // namespace acmed::acmectl
