// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/events.h"

#include <fmt/format.h>

#include "tests/unit/catch.h"

namespace acmed::control {
namespace {

/// All that can be read now.
std::string read(http::ServerBody& stream) {
  std::string text;
  for (auto piece = stream.next(); piece && !piece->empty(); piece = stream.next()) text += *piece;
  return text;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t number = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
  return number;
}

}  // namespace

SCENARIO("events are heard by all who listen, and repeated to those who come again") {
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  EventLog log(clock);
  const auto early = log.stream({});
  read(*early);
  log.validated("a");
  const auto seen = log.latest();
  log.deployed("a", "nginx");
  const auto heard = read(*early);
  CHECK_THAT(heard, Catch::Contains("event: validated\ndata: {\"certificate\":\"a\""));
  CHECK_THAT(heard, Catch::Contains("\"target\":\"nginx\""));
  CHECK(read(*early).empty());
  WHEN("somebody comes again") {
    const auto again = log.stream(seen);
    const auto text = read(*again);
    CHECK(text.find("validated") == std::string::npos);
    CHECK_THAT(text, Catch::Contains("event: deployed"));
    CHECK(text.find("gap") == std::string::npos);
  }
  WHEN("somebody asks for everything") {
    const auto text = read(*log.stream(0));
    CHECK_THAT(text, Catch::Contains("event: validated"));
    CHECK(text.find("gap") == std::string::npos);
  }
  WHEN("somebody knows a former process") {
    const auto text = read(*log.stream(7));
    CHECK(count(text, "event: gap") == 1);
    CHECK_THAT(text, Catch::Contains("event: deployed"));
  }
  WHEN("the streams end") {
    log.end_streams();
    CHECK_FALSE(early->next());
  }
}

SCENARIO("a thousand events are kept, and who reads too slowly is left behind") {
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  EventLog log(clock);
  const auto slow = log.stream({});
  read(*slow);
  log.validated("first");
  const auto first = log.latest();
  for (int i = 0; i < 1500; ++i) log.validated(fmt::format("c{}", i));
  CHECK_FALSE(slow->next());
  const auto all = read(*log.stream(0));
  CHECK(count(all, "event: validated") == 1000);
  CHECK(count(read(*log.stream(first)), "event: gap") == 1);
}

SCENARIO("long sentences do not make the kept events grow") {
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  EventLog log(clock);
  const Retry error("x", std::string(2000, 's'));
  for (int i = 0; i < 1000; ++i) log.failed("a", "not issued", error, clock.now());
  CHECK(read(*log.stream(0)).size() <= std::size_t{600} * 1024);
}

SCENARIO("name servers that say the same again are no event") {
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  EventLog log(clock);
  dns::ServerReport report{
      {dns::Name("ns2.test"), *dns::Endpoint::parse("192.0.2.2:53"), {}}, dns::Name("web.test"), false, ""};
  log.looked("a", {report});
  report.last_answer = "NXDOMAIN";
  log.looked("a", {report});
  report.ready = true;
  log.looked("a", {report});
  const auto text = read(*log.stream(0));
  CHECK(count(text, "event: propagation") == 2);
  CHECK_THAT(text, Catch::Contains("\"ready\":1"));
}

}  // namespace acmed::control
