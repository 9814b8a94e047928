// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/unit/base/fake_server.h"

namespace acmed::test {

/// The HTTP API of PowerDNS as its source has it, of any version, quirks included: before 5.0 a look at one name hides
/// disabled records; EXTEND and PRUNE, from 4.9.12 and 5.0.2 on, lose them, and take no second TTL in a set.
class FakePowerDns {
 public:
  struct Record {
    std::string content;
    bool disabled = false;
    friend bool operator==(const Record&, const Record&) = default;
  };
  struct Set {
    std::int64_t ttl = 0;
    std::vector<Record> records;
  };

  /// It serves the zone example.test. `extends`: whether it has EXTEND and PRUNE, whatever `version` says.
  FakePowerDns(std::string version, bool extends);

  std::string url() const { return server_.url(""); }

  void put(const std::string& name, Set set);
  Set at(const std::string& name) const;
  /// How many requests came whose first line begins so.
  int count(const std::string& beginning) const;
  /// The change types of all that was patched, in order.
  std::vector<std::string> change_types() const;

  /// What is said to a request instead, as long as it gives something: `line` is "GET /api/...".
  using Instead = std::function<std::string(const std::string& line)>;
  void instead(Instead reply);
  /// What the daemon says it is; "authoritative" at first.
  void daemon(std::string type);
  /// Its backend's search finds nothing, as LMDB before 5.0.
  void search_nothing();
  /// Called on another thread after each PATCH that was made.
  void after_patch(std::function<void(int number)> call);

 private:
  using Sets = std::map<std::string, Set>;
  using Guard = std::lock_guard<std::recursive_mutex>;

  void serve(FakeServer::Connection& connection);
  std::string respond(const std::string& request);
  std::string zones(const std::string& line) const;
  std::string sets(const std::string& line) const;
  std::string whole_zone() const;
  std::string found(const std::string& line) const;
  std::string patch(const std::string& body);
  std::string apply(Sets& sets, const json::Value& rrset);

  std::string version_;
  bool extends_;
  bool searches_ = true;
  std::string daemon_ = "authoritative";
  mutable std::recursive_mutex lock_;
  Sets sets_;
  std::vector<std::string> lines_;
  std::vector<std::string> change_types_;
  Instead instead_;
  std::function<void(int)> after_patch_;
  int patches_ = 0;
  FakeServer server_;
};

}  // namespace acmed::test
