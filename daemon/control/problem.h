// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/http/server.h"
#include "base/json.h"

namespace acmed::control {

/// Thrown by a handler: what is answered is a problem document (RFC 9457).
class ProblemResponse final : public std::exception {
 public:
  /// `cause`: for programs, "control:unknown". `more`: further members of the document.
  ProblemResponse(int status, std::string cause, const std::string& sentence, json::Object more = {});

  const char* what() const noexcept override { return sentence_.c_str(); }
  int status() const noexcept { return status_; }
  http::ServerResponse response() const;
  /// With a header that belongs to it, such as Allow.
  ProblemResponse with(std::string header, std::string value) &&;

 private:
  int status_;
  std::string cause_;
  std::string sentence_;
  json::Object more_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

/// While one configuration is replaced by another, nobody can be asked.
ProblemResponse being_replaced();

/// A response with this JSON.
http::ServerResponse json_response(const json::Value& value, int status = 200);

/// What every response has: nothing of it is kept, framed, or taken for anything but what it says that it is.
void add_usual_headers(http::ServerResponse& response);

}  // namespace acmed::control
