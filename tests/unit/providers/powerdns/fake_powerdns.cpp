// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/powerdns/fake_powerdns.h"

#include <fmt/format.h>

#include <algorithm>

namespace acmed::test {
namespace {

constexpr const char* server = "/api/v1/servers/localhost";

std::string json_answer(const json::Value& value) {
  return answer("200 OK", "Content-Type: application/json\r\n", json::dump(value));
}

std::string refusal(const std::string& words) {
  return answer("422 Unprocessable Entity", "", json::dump(json::Object{{"error", words}}));
}

/// The value of a parameter in "GET /path?a=1&b=2".
std::string parameter(const std::string& line, const std::string& name) {
  for (const auto* before : {"?", "&"}) {
    const auto at = line.find(before + name + "=");
    if (at == std::string::npos) continue;
    const auto start = at + name.size() + 2;
    return line.substr(start, line.find('&', start) - start);
  }
  return {};
}

json::Value record_json(const FakePowerDns::Record& record) {
  return json::Object{{"content", record.content}, {"disabled", record.disabled}};
}

}  // namespace

FakePowerDns::FakePowerDns(std::string version, bool extends)
    : version_(std::move(version)),
      extends_(extends),
      server_([this](FakeServer::Connection& connection) { serve(connection); }) {}

void FakePowerDns::put(const std::string& name, Set set) {
  const Guard guard(lock_);
  sets_[name] = std::move(set);
}

FakePowerDns::Set FakePowerDns::at(const std::string& name) const {
  const Guard guard(lock_);
  const auto found = sets_.find(name);
  return found == sets_.end() ? Set{} : found->second;
}

int FakePowerDns::count(const std::string& beginning) const {
  const Guard guard(lock_);
  return static_cast<int>(
      std::ranges::count_if(lines_, [&](const std::string& line) { return line.starts_with(beginning); }));
}

std::vector<std::string> FakePowerDns::change_types() const {
  const Guard guard(lock_);
  return change_types_;
}

void FakePowerDns::instead(Instead reply) {
  const Guard guard(lock_);
  instead_ = std::move(reply);
}

void FakePowerDns::daemon(std::string type) {
  const Guard guard(lock_);
  daemon_ = std::move(type);
}

void FakePowerDns::search_nothing() {
  const Guard guard(lock_);
  searches_ = false;
}

void FakePowerDns::after_patch(std::function<void(int)> call) {
  const Guard guard(lock_);
  after_patch_ = std::move(call);
}

void FakePowerDns::serve(FakeServer::Connection& connection) {
  const auto request = connection.read_request();
  if (!request.empty()) connection.write(respond(request));
}

std::string FakePowerDns::respond(const std::string& request) {
  const Guard guard(lock_);
  const auto line = request.substr(0, request.find(" HTTP/"));
  lines_.push_back(line);
  if (instead_) {
    if (auto reply = instead_(line); !reply.empty()) return reply;
  }
  if (request.find("X-API-Key: key\r\n") == std::string::npos) return answer("401 Unauthorized", "", "Unauthorized");
  const auto is = [&](const std::string& start) { return line.starts_with(start); };
  if (line == fmt::format("GET {}", server))
    return json_answer(json::Object{{"version", version_}, {"daemon_type", daemon_}});
  if (is(fmt::format("GET {}/zones?", server))) return zones(line);
  if (is(fmt::format("GET {}/zones/example.test.?", server))) return sets(line);
  if (line == fmt::format("GET {}/zones/example.test.", server)) return whole_zone();
  if (is(fmt::format("GET {}/search-data?", server))) return found(line);
  if (line == fmt::format("PATCH {}/zones/example.test.", server)) {
    return patch(request.substr(request.find("\r\n\r\n") + 4));
  }
  return answer("404 Not Found", "", "Not Found");
}

std::string FakePowerDns::zones(const std::string& line) const {
  const auto only = parameter(line, "zone");
  json::Array zones;
  for (const auto& [name, kind] : std::initializer_list<std::pair<std::string, std::string>>{
           {"test.", "Native"}, {"example.test.", "Master"}, {"copy.test.", "Slave"}}) {
    if (only.empty() || only == name) zones.push_back(json::Object{{"id", name}, {"name", name}, {"kind", kind}});
  }
  return json_answer(zones);
}

std::string FakePowerDns::sets(const std::string& line) const {
  const auto name = parameter(line, "rrset_name");
  json::Array records;
  const auto set = at(name.substr(0, name.size() - 1));
  for (const auto& record : set.records) {
    if (!record.disabled || version_ >= "5") records.push_back(record_json(record));
  }
  json::Array rrsets;
  if (!records.empty()) {
    rrsets.push_back(json::Object{{"name", name}, {"type", "TXT"}, {"ttl", set.ttl}, {"records", std::move(records)}});
  }
  return json_answer(json::Object{{"name", "example.test."}, {"rrsets", std::move(rrsets)}});
}

std::string FakePowerDns::whole_zone() const {
  json::Array rrsets;
  for (const auto& [name, set] : sets_) {
    json::Array records;
    for (const auto& record : set.records) records.push_back(record_json(record));
    rrsets.push_back(
        json::Object{{"name", name + "."}, {"type", "TXT"}, {"ttl", set.ttl}, {"records", std::move(records)}});
  }
  return json_answer(json::Object{{"name", "example.test."}, {"rrsets", std::move(rrsets)}});
}

std::string FakePowerDns::found(const std::string& line) const {
  const auto name = parameter(line, "q");
  const auto set = at(name);
  json::Array found;
  if (!searches_) return json_answer(found);
  if (name == "example.test") {
    found.push_back(json::Object{
        {"content", "a. b. 1 2 3 4 5"}, {"name", name + "."}, {"type", "SOA"}, {"zone_id", "example.test."}});
  }
  for (const auto& record : set.records) {
    found.push_back(json::Object{{"content", record.content},
                                 {"disabled", record.disabled},
                                 {"name", name + "."},
                                 {"type", "TXT"},
                                 {"ttl", set.ttl},
                                 {"zone_id", "example.test."}});
  }
  return json_answer(found);
}

std::string FakePowerDns::patch(const std::string& body) {
  auto changed = sets_;
  const auto document = json::parse(body).value_or(json::Value());
  for (const auto& rrset : document["rrsets"].elements()) {
    change_types_.push_back(rrset["changetype"].text_or());
    if (const auto refused = apply(changed, rrset); !refused.empty()) return refusal(refused);
  }
  sets_ = std::move(changed);
  ++patches_;
  if (after_patch_) after_patch_(patches_);
  return answer("204 No Content", "", "");
}

std::string FakePowerDns::apply(Sets& sets, const json::Value& rrset) {
  const auto type = rrset["changetype"].text_or();
  auto name = rrset["name"].text_or();
  if (name.empty() || name.back() != '.') return "Name is not canonical";
  name.pop_back();
  if (name.starts_with("alias.")) return fmt::format("RRset {}. IN TXT: Conflicts with pre-existing RRset", name);
  std::vector<Record> records;
  for (const auto& record : rrset["records"].elements()) {
    records.push_back({record["content"].text_or(), record["disabled"].bool_or(false)});
  }
  auto& set = sets[name];
  if (type == "REPLACE") {
    for (std::size_t i = 0; i < records.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (records[i].content == records[j].content) return "Duplicate record in RRset";
      }
    }
    set = {rrset["ttl"].integer_or(0), std::move(records)};
    return {};
  }
  if (!extends_ || (type != "EXTEND" && type != "PRUNE")) return "Changetype not understood";
  if (records.size() != 1) return "Exactly one record should be provided for PRUNE or EXTEND operation";
  const auto is_it = [&](const Record& record) { return record.content == records[0].content; };
  const bool seen = std::ranges::any_of(set.records, [&](const Record& r) { return !r.disabled && is_it(r); });
  if (seen == (type == "EXTEND")) return {};
  std::erase_if(set.records, &Record::disabled);
  if (type == "PRUNE") {
    std::erase_if(set.records, is_it);
    return {};
  }
  const auto ttl = rrset["ttl"].integer_or(0);
  if (!set.records.empty() && set.ttl != ttl) return "uses different TTL values";
  set.ttl = ttl;
  set.records.push_back(records[0]);
  return {};
}

}  // namespace acmed::test
