// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/render.h"

#include <algorithm>
#include <sstream>

#include "tests/unit/catch.h"

namespace acmed::acmectl {
namespace {

using Catch::Contains;

const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + std::chrono::hours(12));

const json::Array& certificates() {
  static const auto parsed = *json::parse(R"json([
{"name": "lab", "domains": ["lab.example"], "ca": "internal", "key_type": "ecdsa-p256", "state": "valid",
 "live": {"generation": 3, "serial": "04ab", "issuer": "E7", "not_before": "2026-10-09T12:00:00Z", "not_after": "2027-01-07T12:00:00Z"},
 "next": {"what": "renew", "at": "2026-12-08T12:00:00Z", "because": "a third of its life is left"}, "targets": []},
{"name": "mail", "domains": ["mail.example"], "ca": "letsencrypt", "state": "failing",
 "live": {"generation": 2, "serial": "03f1", "not_before": "2026-09-07T12:00:00Z", "not_after": "2026-12-06T12:00:00Z"},
 "next": {"what": "renew", "at": "2026-11-24T12:00:00Z"},
 "trouble": {"what": "deploy:postfix", "sentence": "the hook `postfix reload` exited with 1: fatal: bad string length", "cause": "deploy:hook",
   "since": "2026-11-24T12:00:00Z", "failures": 4, "next_try": "2026-11-27T12:22:00Z"},
 "targets": [{"name": "dovecot", "generation": 2, "in_step": true},
  {"name": "postfix", "generation": 1, "in_step": false, "trouble": {"sentence": "the hook `postfix reload` exited with 1: fatal: bad string length",
   "failures": 4, "next_try": "2026-11-27T12:22:00Z"}}]},
{"name": "corp-wildcard", "domains": ["corp.example", "*.corp.example"], "ca": "letsencrypt", "state": "working",
 "live": {"not_before": "2026-10-28T12:00:00Z", "not_after": "2027-01-26T12:00:00Z"}, "next": {"what": "renew", "at": "2026-11-27T11:00:00Z"},
 "targets": [{"name": "nginx", "in_step": true}, {"name": "haproxy", "in_step": true}],
 "work": {"step": "propagation", "since": "2026-11-27T11:59:48Z",
  "servers": [{"server": "ns2.corp.example (192.0.2.2)", "says": "0 of 2 values", "ready": false, "since": "2026-11-27T11:59:48Z"}]}}])json");
  return *parsed.as_array();
}

std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) most = std::max(most, columns_of(line));
  return most;
}

Style style_of(std::size_t columns) {
  Style style;
  style.columns = columns;
  return style;
}

std::size_t place(const std::string& text, const std::string& part) {
  return text.find(part);
}

}  // namespace

SCENARIO("the status has the worst first and fits the terminal") {
  for (const std::size_t columns : {80U, 100U, 200U}) {
    const auto text = render_status(certificates(), now, style_of(columns));
    CHECK(widest(text) <= columns);
    CHECK(place(text, "mail") < place(text, "corp-wildcard"));
    CHECK(place(text, "corp-wildcard") < place(text, "lab "));
    CHECK_THAT(text, Contains("overdue 3 d") && Contains("in 11 d"));
    CHECK_THAT(text, Contains("41 d") && Contains("█"));
    CHECK_THAT(text, Contains("postfix: the hook `postfix reload` exited with 1"));
    CHECK_THAT(text, Contains("waiting for ns2.corp.example (192.0.2.2): 0 of 2 values for 12 s"));
    CHECK_THAT(text, !Contains("\x1b"));
  }
  const auto wide = render_status(certificates(), now, style_of(200));
  CHECK_THAT(wide, Contains("7 Jan") && Contains("dovecot postfix!") && Contains("nginx haproxy"));
  CHECK_THAT(wide, Contains("(try 4, next in 22 min)"));
}

SCENARIO("what fails is told once, in words and not by colour alone") {
  auto style = style_of(120);
  style.colour = true;
  const auto text = render_status(certificates(), now, style);
  CHECK_THAT(text, Contains("\x1b[31mfailing") && Contains("\x1b[32mvalid"));
  const auto first = place(text, "exited with 1");
  CHECK(text.find("exited with 1", first + 1) == std::string::npos);
}

SCENARIO("long names give way") {
  auto one = *certificates()[0].as_object();
  one["name"] = std::string(100, 'n');
  one["ca"] = std::string(40, 'c');
  json::Array targets;
  for (int i = 0; i < 20; ++i)
    targets.emplace_back(json::Object{{"name", "target" + std::to_string(i)}, {"in_step", i > 0}});
  one["targets"] = targets;
  const auto text = render_status({json::Value(one)}, now, style_of(80));
  CHECK(widest(text) <= 80);
  CHECK_THAT(text, Contains("19/20!"));
}

SCENARIO("what a CA or a name server says cannot change the terminal") {
  auto one = *certificates()[0].as_object();
  one["trouble"] = json::Object{{"sentence", "bad\x1b[2J\r\nthing"}};
  one["name"] = "a\x1b]0;b";
  for (const auto& text :
       {render_status({json::Value(one)}, now, style_of(80)), render_certificate(json::Value(one), now, style_of(80)),
        render_event(json::Value(json::Object{{"sentence", "\x1b[2J"}}), style_of(80))}) {
    CHECK_THAT(text, !Contains("\x1b") && !Contains("\r"));
  }
}

SCENARIO("events are told in words, in lines that a terminal holds") {
  const auto told = [](const char* event, std::size_t columns = 80) {
    const auto text = render_event(json::parse(event).value_or(json::Value()), style_of(columns));
    CHECK(widest(text) <= columns);
    return text.substr(text.find("  ") + 2);
  };
  const auto at = std::string(R"({"id": 7, "time": "2026-11-27T12:00:00Z", "certificate": "web", )");
  CHECK(told((at + R"("type": "ordered", "ca": "lab", "names": 1})").c_str()) ==
        "ordered           web: lab, 1 name\n");
  CHECK(told((at + R"("type": "propagated", "seconds": 3.276579994})").c_str()) ==
        "propagated        web: after 3.3 s\n");
  CHECK(told((at + R"("type": "propagation", "ready": 2, "servers": 9})").c_str()) ==
        "propagation       web: 2 of 9 name servers\n");
  CHECK(told((at + R"("type": "operation", "what": "renew", "state": "failed", "operation": "6b-1"})").c_str()) ==
        "operation         web: renew failed (6b-1)\n");
  CHECK_THAT(told((at + R"("type": "renewal_suggested", "ca": "lab", "from": "2027-01-25T10:15:35Z",)"
                        R"("to": "2027-01-27T10:15:35Z", "planned": "2027-01-26T16:58:44Z"})")
                      .c_str()),
             Contains("renewal_suggested web: by lab between 2027-01-25"));
  CHECK(told((at + R"("type": "of a later version", "weight": 3})").c_str()) == "of a later version web: weight 3\n");
  CHECK(told(R"({"time": "2026-11-27T12:00:00Z", "type": "configuration"})") == "configuration\n");
}

SCENARIO("what a target says is told once with its name") {
  CHECK(said_of_target("target nginx: the hook fails", "nginx") == "the hook fails");
  CHECK(said_of_target("target nginx: the hook fails", "other") == "target nginx: the hook fails");
}

SCENARIO("the summary counts, and tells when something is due") {
  const auto status = *json::parse(R"({"cas": [{"name": "letsencrypt", "open": true},
    {"name": "internal", "paused_until": "2026-11-27T14:00:00Z"}], "next": {"at": "2026-11-27T12:22:00Z"}})");
  const auto text = render_summary(certificates(), status, now, style_of(200));
  CHECK_THAT(text,
             Contains("3 certificates: 1 valid, 1 working, 1 failing; CA letsencrypt open, internal paused until"));
  CHECK_THAT(text, Contains("; next in 22 min"));
  CHECK_THAT(render_summary({}, {}, now, style_of(80)), Contains("0 certificates"));
  CHECK(is_failing(certificates()[1]));
  CHECK_FALSE(is_failing(certificates()[2]));
}

SCENARIO("one certificate is shown whole") {
  const auto text = render_certificate(certificates()[1], now, style_of(80));
  CHECK(widest(text) <= 80);
  CHECK_THAT(text, Contains("mail  failing\n") && Contains("names     mail.example\n") &&
                       Contains("generation 2, serial 03f1") && Contains("deploy:hook, since 2026-11-24") &&
                       Contains("target    dovecot: generation 2\n") &&
                       Contains("target    postfix: generation 1, out of step: the hook"));
  CHECK_THAT(render_certificate(certificates()[0], now, style_of(120)),
             Contains("next      renew in 11 d (2026-12-08") && Contains("a third of its life is left"));
  CHECK_THAT(render_certificate(certificates()[2], now, style_of(120)), Contains("work      propagation for 12 s"));
}

SCENARIO("an examination is a table of verdicts with their mends") {
  const auto text = render_lines({{"configuration", doctor::Verdict::ok, "/etc/acmed/acmed.toml, 3 certificates"},
                                  {"DNS mail.example", doctor::Verdict::wrong,
                                   "the zone that the resolver 10.0.0.53 tells is corp.example, provider cf has "
                                   "mail.example and a few more words so that it is long",
                                   "resolvers in [propagation]"},
                                  {std::string(60, 'x'), doctor::Verdict::warning, "a long subject"}},
                                 style_of(80));
  CHECK(widest(text) <= 80);
  CHECK_THAT(text, Contains("ok       configuration") && Contains("\nwrong    DNS mail.example") &&
                       Contains("\n         mend") && Contains("resolvers in [propagation]"));
}

SCENARIO("a step has its time at the right") {
  const auto line =
      render_step(*json::parse(R"({"step": "published", "sentence": "example.net: 2 values by cf", "seconds": 0.41})"),
                  style_of(80));
  CHECK(line == "published          example.net: 2 values by cf" + std::string(26, ' ') + "  410 ms\n");
}

SCENARIO("what is revoked is told: what is in service, and earlier ones") {
  const auto certificate =
      json::parse(R"json({"name": "web", "domains": ["a.test"], "ca": "lab", "key_type": "ecdsa-p256",
 "state": "failing", "live": {"generation": 3, "serial": "04ab", "not_before": "2026-10-09T12:00:00Z",
 "not_after": "2027-01-07T12:00:00Z", "revoked": {"at": "2026-11-26T12:00:00Z", "reason": "keyCompromise", "by_ca": true}},
 "generations": [{"generation": 3, "serial": "04ab", "revoked": {"at": "2026-11-26T12:00:00Z", "reason": "keyCompromise", "by_ca": true}},
  {"generation": 2, "serial": "03f1", "revoked": {"at": "2026-11-20T12:00:00Z", "reason": "superseded", "by_ca": false}},
  {"generation": 1, "serial": "02aa", "revoked": null}]})json");
  const auto text = render_certificate(*certificate, now, style_of(200));
  CHECK_THAT(text, Contains("revoked by its CA since 2026-11-26") && Contains("(keyCompromise)"));
  CHECK_THAT(text, Contains("earlier   generation 2, serial 03f1, revoked since 2026-11-20"));
  CHECK(text.find("generation 1") == std::string::npos);
}

SCENARIO("when the CA suggests to renew is told, with its reason in one line") {
  auto certificate = *json::parse(R"json({"name": "web", "domains": ["a.test"], "ca": "lab", "state": "valid",
 "suggested_window": {"start": "2026-11-28T12:00:00Z", "end": "2026-11-30T12:00:00Z", "explanation_url": "https://ca.test/why\nnext  now"}})json");
  CHECK_THAT(render_certificate(certificate, now, style_of(200)),
             Contains("suggested by the CA from 2026-11-28") && Contains(" to 2026-11-30") &&
                 Contains(": https://ca.test/why") && !Contains("\nnext"));
  const auto none = json::parse(R"json({"name": "web", "domains": ["a.test"], "suggested_window": null})json");
  CHECK_THAT(render_certificate(*none, now, style_of(200)), !Contains("suggested"));
}

SCENARIO("accounts are told with what tells them apart, within the width of the terminal") {
  const auto accounts = json::parse(R"json([
{"ca": "letsencrypt", "directory": "https://ca.test/dir", "url": "https://ca.test/acct/1", "key_type": "ecdsa-p256",
 "external_account": null, "contact": ["mailto:a@b.test"], "registered": "2026-10-09T12:00:00Z", "account": null, "deactivated": null,
 "limits": [{"limit": "orders", "subject": null, "most": 300, "window": 10800, "used": 12, "free_at": null, "refused_until": null},
  {"limit": "same_names", "subject": null, "names": ["b.test", "*.b.test"], "name_count": 3, "most": 5, "window": 604800, "used": 5, "free_at": null, "refused_until": null},
  {"limit": "same_names", "subject": null, "names": ["c.test"], "name_count": 1, "most": 5, "window": 604800, "used": 1, "free_at": null, "refused_until": null},
  {"limit": "same_names", "subject": null, "names": [], "name_count": 0, "most": 5, "window": 604800, "used": 1, "free_at": null, "refused_until": null},
  {"limit": "domain", "subject": "b.test", "most": 50, "window": 604800, "used": 3, "free_at": null, "refused_until": "2026-11-28T12:00:00Z"},
  {"limit": "failures", "subject": "a.b.test", "most": null, "window": null, "used": 0, "free_at": null, "refused_until": "2026-11-28T12:00:00Z"}]},
{"ca": "second", "directory": "https://ca.test/dir", "url": null, "key_type": "rsa-2048", "external_account": "kid-1", "contact": [],
 "registered": null, "account": "second", "deactivated": null},
{"ca": "gone", "directory": "https://ca.test/dir", "url": "https://ca.test/acct/3", "key_type": "ecdsa-p256", "external_account": null,
 "contact": [], "registered": "2026-10-09T12:00:00Z", "account": null, "deactivated": "2026-11-20T12:00:00Z"}])json");
  const auto text = render_accounts(*accounts->as_array(), style_of(80));
  CHECK(widest(text) <= 80);
  CHECK_THAT(text, Contains("letsencrypt  https://ca.test/acct/1") && Contains("ecdsa-p256, since 2026-10-09"));
  CHECK_THAT(text, Contains("not registered yet, account \"second\", eab kid-1") && Contains("mailto:a@b.test"));
  CHECK_THAT(text, Contains("deactivated 2026-11-20"));
  const auto wide = render_accounts(*accounts->as_array(), style_of(400));
  CHECK_THAT(
      wide,
      Contains("used: 12 of 300 orders in 3 h, 5 of 5 certificates for exactly b.test, *.b.test and 1 more name "
               "in 7 d, 1 of 5 certificates for exactly c.test in 7 d, 1 of 5 certificates for the same names "
               "in 7 d, 3 of 50 certificates for names of b.test in 7 d (the CA allows no more until 2026-11-28"));
  CHECK_THAT(wide, Contains(", failed validations of a.b.test (the CA allows no more until 2026-11-28"));
  CHECK(render_accounts({}, style_of(80)) == "no CA is configured\n");
}

}  // namespace acmed::acmectl
