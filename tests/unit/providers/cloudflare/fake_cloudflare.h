// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "dns/name.h"
#include "tests/unit/base/fake_server.h"

namespace acmed::providers {

/// A small Cloudflare in process: zones, TXT records, single calls and all-or-nothing batches, and what a test wants to
/// be said instead. To be looked at and set only while no call is under way.
class FakeCloudflare {
 public:
  struct Zone {
    std::string id;
    std::string name;
    std::string status = "active";
    std::string type = "full";
    std::vector<std::string> name_servers{};
  };
  struct Record {
    std::string zone_id;
    std::string name;
    std::string content;  ///< as it was given
  };

  FakeCloudflare();

  std::string url() const { return server_.url(""); }

  std::vector<Zone> zones;
  std::map<std::string, Record> records;  ///< by id
  std::set<std::string> denied;           ///< names where a CNAME stands
  bool has_batch = true;
  bool lists_bare = false;  ///< lists contents without quotes
  int zones_per_page = 50;
  int records_per_page = 300;
  std::string headers;              ///< more of them, for every answer
  std::deque<std::string> instead;  ///< whole HTTP responses to the next calls, which are not carried out
  int deaf_for = 0;                 ///< so many calls more are carried out, but not answered
  int deaf_to_batches_for = 0;      ///< likewise, but only batches

  std::vector<std::string> calls;  ///< "POST /zones/ID/dns_records/batch"
  std::vector<std::string> tokens;
  std::string last_body;

  /// The values at `name`, as they are meant.
  std::set<std::string> values_at(const std::string& name) const;
  /// Adds a record by other means; gives its id.
  std::string put(const std::string& name, const std::string& content);
  std::size_t calls_with(const std::string& part) const;

  static std::string id(int number);  ///< 32 hexadecimal digits
  static std::string refusal(int status, int code, const std::string& message);
  static std::string success(json::Value result, json::Object info = {});

 private:
  void serve(test::FakeServer::Connection& connection);
  std::string respond(const std::string& method, const std::string& target, const std::string& body);
  std::string list_zones(const std::string& query) const;
  std::string list_records(const std::string& zone_id, const std::string& query) const;
  std::string batch(const std::string& zone_id, const json::Value& body);
  std::optional<std::string> fault_of_post(const std::map<std::string, Record>& among, const json::Value& post) const;
  json::Value shown(const std::string& record_id, const Record& record) const;
  json::Value make(std::map<std::string, Record>& among, const std::string& zone_id, const json::Value& post);

  std::mutex lock_;
  int last_id_ = 1000;
  test::FakeServer server_;
};

}  // namespace acmed::providers
