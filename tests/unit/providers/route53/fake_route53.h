// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "providers/route53/record_set.h"
#include "tests/unit/providers/route53/fake_http.h"

namespace acmed::providers::route53 {

/// Route 53 within the test, with one zone or several: sets change atomically or not at all. It does not look at
/// signatures; tests/fakes/route53.py does. To be looked at and changed only while nothing is asked of it.
class FakeRoute53 {
 public:
  using Answer = test::FakeHttp::Answer;

  struct HostedZone {
    std::string id;
    std::string name;  ///< with its final dot
    bool is_private = false;
    std::vector<std::string> name_servers{};
  };

  FakeRoute53();

  std::string url() const { return http_.url(); }
  std::vector<test::FakeHttp::Request> requests() { return http_.requests(); }

  /// How often the action was asked for: "ListResourceRecordSets".
  int count(const std::string& action) { return counts[action]; }
  /// The TXT values at a name, unquoted.
  std::set<std::string> values_at(const dns::Name& name) const;
  /// Adds a set, or replaces it.
  void put(const std::string& name, const std::string& type, TxtSet records, bool plain = true);
  /// Adds a TXT value to those at a name.
  void add_value(const dns::Name& name, const std::string& value);
  /// Removes all TXT values at a name.
  void remove_values(const dns::Name& name);

  std::vector<HostedZone> zones = {{"Z1", "example.test."}};
  std::map<std::string, int> counts;                  ///< by action
  std::map<std::string, std::deque<Answer>> answers;  ///< by action: said instead, one after the other
  std::function<void()> before_change;                ///< what others do in between
  std::set<std::string> refused;                      ///< names, with their final dot, that take no new value
  std::size_t zones_a_page = 100;
  std::size_t sets_a_page = 300;
  int polls_until_sync = 1;  ///< GetChange says PENDING that often, less one

 private:
  Answer respond(const test::FakeHttp::Request& request);
  Answer carry_out(const std::string& action, const test::FakeHttp::Request& request);
  Answer list_zones(const test::FakeHttp::Request& request) const;
  Answer list_sets(const test::FakeHttp::Request& request) const;
  Answer change(const std::string& body);
  Answer change_status(const std::string& id);

  std::map<std::pair<std::string, std::string>, ListedSet> sets_;  ///< by sort key and type
  std::map<std::string, int> polls_;                               ///< by change
  test::FakeHttp http_;
};

/// The error document of AWS.
FakeRoute53::Answer aws_error(int status, const std::string& code, const std::string& message,
                              const std::string& headers = {});

}  // namespace acmed::providers::route53
