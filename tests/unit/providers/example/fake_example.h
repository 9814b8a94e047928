// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/base/fake_server.h"

namespace acmed::providers {

/// Example DNS, in process, with the zone example.test. To be looked at and set only while no call is under way.
///
///     GET    /zones                         200 {"zones": [{"id", "name"}]}
///     GET    /zones/ID/records?type=TXT     200 {"records": [{"id", "name", "content"}]}
///     POST   /zones/ID/records              201 {"record": {"id", "name", "content"}}
///                                           409 it is there already    422 {"error"} it cannot stand there
///     DELETE /zones/ID/records/ID           204                        404 it is not there
///
/// 401 without the right token.
class FakeExample {
 public:
  struct Record {
    std::string name;
    std::string content;  ///< in quotes
  };

  FakeExample();

  std::string url() const { return server_.url(""); }

  std::map<std::string, Record> records;  ///< by id
  std::set<std::string> denied;           ///< names where nothing can stand
  std::string token = "the-token";
  std::optional<std::string> instead;  ///< a whole HTTP response to each call, which is not carried out
  std::vector<std::string> calls;      ///< "POST /zones/z1/records"

  /// The values at `name`, as they are meant.
  std::set<std::string> values_at(const std::string& name) const;
  void put(const std::string& name, const std::string& value);

 private:
  void serve(test::FakeServer::Connection& connection);
  std::string respond(const std::string& request, const std::string& line);
  std::string add(const std::string& body);

  std::mutex lock_;
  int last_id_ = 0;
  test::FakeServer server_;
};

}  // namespace acmed::providers
