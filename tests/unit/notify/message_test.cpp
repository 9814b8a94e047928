// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/message.h"

#include <algorithm>

#include "base/json.h"
#include "tests/unit/catch.h"
#include "tests/unit/notify/scene.h"

namespace acmed::notify {
namespace {

using namespace std::chrono_literals;

const Time now{std::chrono::sys_days(std::chrono::year(2027) / 3 / 1)};

Item failing(const std::string& name) {
  return {name, test::FakeCertificates::trouble("issue", now - 2h, "the key is not known"), now + 30 * 24h};
}

std::string variable(const Message& message, const std::string& name) {
  const auto found =
      std::ranges::find_if(message.environment, [&](const std::string& each) { return each.starts_with(name + "="); });
  REQUIRE(found != message.environment.end());
  return found->substr(name.size() + 1);
}

TEST_CASE("one trouble is told in one line for people, and in full for programs") {
  const auto message = message_for(Event::failing, {failing("web")}, "host1", now);
  CHECK(variable(message, "ACMED_EVENT") == "failing");
  CHECK(variable(message, "ACMED_HOST") == "host1");
  CHECK(variable(message, "ACMED_CERTIFICATES") == "web");
  CHECK(variable(message, "ACMED_SUBJECT") == "acmed on host1: web fails");
  CHECK(variable(message, "ACMED_TEXT") ==
        "web (issue): the key is not known (since 2027-02-28T22:00:00Z, failed 3 times, next try "
        "2027-03-01T22:00:00Z)\n");
  const auto json = json::parse(message.json);
  REQUIRE(json);
  CHECK((*json)["event"].text_or() == "failing");
  CHECK((*json)["subject"].text_or() == "acmed on host1: web fails");
  const auto& told = (*json)["certificates"].elements();
  REQUIRE(told.size() == 1);
  CHECK(told.front() == json::Value(json::Object{{"name", "web"},
                                                 {"what", "issue"},
                                                 {"sentence", "the key is not known"},
                                                 {"cause", "tsig:BADKEY"},
                                                 {"party", "dns_operator"},
                                                 {"since", "2027-02-28T22:00:00Z"},
                                                 {"failures", 3},
                                                 {"next_try", "2027-03-01T22:00:00Z"},
                                                 {"not_after", "2027-03-31T00:00:00Z"}}));
}

TEST_CASE("an end says when it is") {
  auto item = failing("web");
  item.not_after = now + 6 * 24h;
  CHECK(variable(message_for(Event::ending, {item}, "host1", now), "ACMED_TEXT") ==
        "web ends in 6 d, at 2027-03-07T00:00:00Z and is not renewed: the key is not known\n");
  item.not_after = now - 1h;
  CHECK(variable(message_for(Event::ending, {item}, "host1", now), "ACMED_TEXT") ==
        "web has ended at 2027-02-28T23:00:00Z and is not renewed: the key is not known\n");
}

TEST_CASE("what is over and what is renewed") {
  CHECK(variable(message_for(Event::recovered, {failing("web")}, "host1", now), "ACMED_TEXT") ==
        "web (issue): over; since 2027-02-28T22:00:00Z it had been: the key is not known\n");
  const auto renewed = message_for(Event::renewed, {failing("web"), failing("mail")}, "host1", now);
  CHECK(variable(renewed, "ACMED_SUBJECT") == "acmed on host1: 2 certificates are renewed");
  CHECK(variable(renewed, "ACMED_TEXT") ==
        "web: valid until 2027-03-31T00:00:00Z\nmail: valid until 2027-03-31T00:00:00Z\n");
}

TEST_CASE("a thousand troubles are told in a bounded message that counts them") {
  std::vector<Item> items;
  for (int i = 0; i < 1000; ++i) items.push_back(failing("c" + std::to_string(i)));
  const auto message = message_for(Event::failing, items, "host1", now);
  CHECK(variable(message, "ACMED_SUBJECT") == "acmed on host1: 1000 certificates fail");
  CHECK(variable(message, "ACMED_TEXT").ends_with("and 900 more: acmectl status shows them\n"));
  CHECK((*json::parse(message.json))["certificates"].elements().size() == 100);
  CHECK((*json::parse(message.json))["others"].integer_or(0) == 900);
}

TEST_CASE("two troubles of one certificate are about one certificate") {
  auto other = failing("web");
  other.trouble.what = "deploy:nginx";
  const auto message = message_for(Event::failing, {failing("web"), other}, "host1", now);
  CHECK(variable(message, "ACMED_SUBJECT") == "acmed on host1: web fails");
  CHECK(variable(message, "ACMED_CERTIFICATES") == "web");
}

}  // namespace
}  // namespace acmed::notify
