// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http/server.h"
#include "base/json.h"

/// What a request says, checked. All throw ProblemResponse (400).
namespace acmed::control {

/// Octets of a request that a sentence repeats.
constexpr std::size_t longest_quote = 100;

/// The JSON object in the body; an empty body is an empty object. Members that are not in `known` are refused.
json::Object object_in(const http::ServerRequest& request, const std::vector<std::string>& known);
bool bool_in(const json::Object& object, const std::string& member, bool otherwise);
/// A whole number above 0; nothing when it is absent or null.
std::optional<unsigned> number_in(const json::Object& object, const std::string& member);
/// Nothing when it is absent or null.
std::optional<std::string> text_in(const json::Object& object, const std::string& member);

/// Refuses parameters of the query that are not in `known`.
void check_query(const http::ServerRequest& request, const std::vector<std::string>& known);
/// The values of that parameter, in the order given.
std::vector<std::string> parameters(const http::ServerRequest& request, const std::string& name);

}  // namespace acmed::control
