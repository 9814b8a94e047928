// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/daemon/journey_scene.h"

#include "base/files.h"
#include "dns/tlsa.h"

namespace acmed::test {
namespace {

constexpr const char* apex = "example.test";
constexpr const char* other_apex = "other.test";
constexpr const char* host = "ns1.example.test";

dns::fake::Answer says(std::vector<std::string> records) {
  return {.answer = std::move(records)};
}

}  // namespace

Task<std::optional<providers::Zone>> ShownProvider::zone_of(dns::Name name) {
  if (has_no_zone) co_return std::nullopt;
  if (only_zone) co_return providers::Zone{*only_zone, ""};
  for (const auto& zone : {apex_, dns::Name(other_apex)}) {
    if (name.is_within(zone)) co_return providers::Zone{zone, ""};
  }
  co_return std::nullopt;
}

Task<std::set<dns::Name>> ShownProvider::name_servers(providers::Zone) {
  co_return own_name_servers;
}

Task<> ShownProvider::apply(providers::Zone, std::vector<providers::TxtChange> changes) {
  ++calls;
  if (on_apply) on_apply(changes);
  if (refuses) throw Refused("http:403", "not for this token");
  if (has_lost_its_zone && changes.front().action == providers::Action::remove) {
    throw Refused(providers::cause::zone_gone, "the zone is gone");
  }
  if (removes_after != nullptr && changes.front().action == providers::Action::remove) co_await removes_after->wait();
  for (const auto& change : changes) {
    if (change.action == providers::Action::remove && keeps_values) throw Retry("http:503", "not now");
    if (change.action == providers::Action::add) values.emplace(change.name, change.value);
    if (change.action == providers::Action::add) published.insert(change.name);
    if (change.action == providers::Action::remove) values.erase({change.name, change.value});
  }
  co_return;
}

JourneyScene::JourneyScene() {
  resolver.say(host, dns::Type::a, says({dns::fake::address(host, "127.0.1.1")}));
  resolver.say(host, dns::Type::aaaa, says({}));
  resolver.say(apex, dns::Type::soa, says({dns::fake::soa(apex)}));
  resolver.say(apex, dns::Type::ns, says({dns::fake::ns(apex, host)}));
  resolver.say(other_apex, dns::Type::soa, says({dns::fake::soa(other_apex)}));
  resolver.say(other_apex, dns::Type::ns, says({dns::fake::ns(other_apex, host)}));
  // The zone is private: nothing above it has servers.
  resolver.say("test", dns::Type::soa, {.rcode = dns::Rcode::nxdomain, .authority = {dns::fake::soa("")}});
  name_server.handle([this](std::string_view query, dns::Transport) {
    const auto question = dns::parse_message(query).question.value_or(dns::Question());
    const dns::Name target(wildcard_target.empty() ? apex : wildcard_target);
    dns::fake::Answer answer;
    const auto* zone = question.name.is_within(dns::Name(other_apex)) ? other_apex : apex;
    const auto alias = aliases.find(question.name);
    if (alias != aliases.end()) {
      answer.answer = {dns::fake::cname(question.name.text(), alias->second.text())};
      return dns::fake::reply_to(query, answer);
    }
    const bool is_host = hosts.contains(question.name);
    if (is_host && question.type == dns::Type::a) {
      answer.answer = {dns::fake::address(question.name.text(), "192.0.2.1")};
      return dns::fake::reply_to(query, answer);
    }
    if (question.type == dns::Type::ns && question.name == dns::Name(zone)) {
      answer.answer = {dns::fake::ns(zone, host)};
    } else if (question.type == dns::Type::txt) {
      for (const auto& [name, value] : provider->values) {
        if (name == question.name) answer.answer.push_back(dns::fake::txt(name.text(), value));
      }
      if (!answer.answer.empty() && on_txt) on_txt();
      if (!answer.answer.empty() && hidden_answers-- > 0) answer.answer.clear();
      if (answer.answer.empty() && wildcard_target.empty() && !is_host) answer.rcode = dns::Rcode::nxdomain;
    } else if (question.type == dns::Type::tlsa) {
      for (const auto& [name, value] : provider->values) {
        if (name != question.name) continue;
        answer.answer.push_back(
            dns::fake::record(name.text(), question.type, dns::tlsa_octets(value).value_or(""), 1, tlsa_ttl));
      }
      if (answer.answer.empty()) answer.rcode = dns::Rcode::nxdomain;
    }
    const bool is_alias = question.type == dns::Type::txt || question.type == dns::Type::cname;
    if (answer.answer.empty() && is_alias && !wildcard_target.empty() && question.name != target) {
      answer.answer = {dns::fake::cname(question.name.text(), wildcard_target)};
    }
    if (answer.answer.empty()) answer.authority = {dns::fake::soa(zone)};
    return dns::fake::reply_to(query, answer);
  });
  ca.issue_by([this](const FakeCa::Issuance& issuance) { return chain(issuance); });
  settings.name = "fake";
  settings.directory_url = ca.directory_url();
  settings.trust_pem = issuer.root_pem();
}

const JourneyScene::Keys& JourneyScene::keys() {
  static const Keys all;
  return all;
}

CertificateFacts JourneyScene::loopback() {
  CertificateFacts facts;
  facts.for_loopback = true;
  return facts;
}

issue::Providers JourneyScene::providers() {
  issue::Providers all;
  auto shown = std::make_unique<ShownProvider>(dns::Name(apex));
  provider = shown.get();
  all.emplace("shown", std::move(shown));
  all.emplace("another", std::make_unique<ShownProvider>(dns::Name(apex)));
  return all;
}

std::string JourneyScene::chain(const FakeCa::Issuance& issuance) const {
  return leaf(issuance) + issuer.intermediate_pem();
}

std::string JourneyScene::leaf(const FakeCa::Issuance& issuance, CertificateFacts facts) const {
  if (facts.dns_names.empty()) facts.dns_names = issuance.names;
  return issuer.issue_for(issuance.request, std::move(facts)).to_pem();
}

std::string JourneyScene::run(std::stop_token stop) {
  authority = std::make_unique<issue::AcmeAuthority>(loop, store, settings);
  request.authority = other_authority != nullptr ? other_authority : authority.get();
  auto remembered = state();
  issue::Journey journey(context, request, remembered);
  std::string outcome;
  try {
    acmed::run(loop, journey.run(), std::move(stop));
  } catch (const Cancelled&) {
    outcome = "cancelled";
  } catch (const Error& error) {
    outcome = error.cause() + " " + error.what();
  }
  acmed::run(loop, store.save_certificate(request.name, remembered));
  return outcome;
}

std::string JourneyScene::withdraw_leftovers() {
  auto remembered = state();
  issue::Journey journey(context, request, remembered);
  try {
    acmed::run(loop, journey.withdraw_leftovers());
  } catch (const Error& error) {
    return error.cause() + " " + error.what();
  }
  return {};
}

void JourneyScene::leave_an_order() {
  const auto orders = ca.orders();
  ca.instead("challenge", {"503 Service Unavailable", "<html>back soon</html>"});
  const auto outcome = run();
  if (outcome.empty() || ca.orders() != orders + 1 || !state().order) {
    throw std::logic_error("no order was left behind: " + outcome);
  }
  ca.forget_seen();
}

store::Certificate JourneyScene::state() {
  return acmed::run(loop, store.load_certificate(request.name));
}

std::string JourneyScene::live(const std::string& file) const {
  return files::read(directory.folder.live(request.name) + "/" + file).value_or("");
}

std::string JourneyScene::on_disk(const std::string& file) const {
  std::string content;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.path().filename() == file) content += files::read(entry.path()).value_or("");
  }
  return content;
}

std::size_t JourneyScene::asked(const std::string& path) const {
  std::size_t count = 0;
  for (const auto& seen : ca.seen()) count += seen.url == ca.url(path) ? 1 : 0;
  return count;
}

}  // namespace acmed::test
