// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/base/fake_server.h"

namespace acmed::test {

/// An HTTP server that answers what a function says, one request at a time.
class FakeHttp {
 public:
  struct Request {
    std::string method;
    std::string path;
    std::string query_text;
    std::map<std::string, std::string> query;    ///< decoded
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
  };
  struct Answer {
    int status = 200;
    std::string body;
    std::string headers;  ///< whole lines
  };
  using Script = std::function<Answer(const Request&)>;

  explicit FakeHttp(Script script);

  /// "http://127.0.0.1:PORT"
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  /// What was asked so far.
  std::vector<Request> requests();

 private:
  void serve(FakeServer::Connection& connection);

  Script script_;
  std::mutex lock_;
  std::vector<Request> requests_;
  FakeServer server_;
};

/// Reads "a=b&c=d", percent-encoded.
std::map<std::string, std::string> read_form(const std::string& text);

}  // namespace acmed::test
