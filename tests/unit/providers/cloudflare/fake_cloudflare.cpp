// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/cloudflare/fake_cloudflare.h"

#include <fmt/format.h>

#include <algorithm>

#include "providers/kit/character_string.h"

namespace acmed::providers {
namespace {

constexpr std::size_t most_batched = 200;

std::string parameter(const std::string& query, const std::string& name) {
  const auto at = ("&" + query).find("&" + name + "=");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 1;
  return query.substr(begin, query.find('&', begin) - begin);
}

int number_or(const std::string& text, int otherwise) {
  return text.empty() ? otherwise : std::stoi(text);
}

std::string http_response(int status, const json::Value& body) {
  return test::answer(fmt::format("{} X", status), "Content-Type: application/json\r\n", json::dump(body));
}

/// What a quoted content stands for, or a bare one as it is; \DDD is not in the tests.
std::string meant(const std::string& content) {
  if (!content.starts_with('"')) return content;
  std::string value;
  for (std::size_t i = 1; i + 1 < content.size(); ++i) {
    if (content[i] == '\\') ++i;
    value += content[i];
  }
  return value;
}

/// One page of `all`, at most `most` long.
std::string page_of(const json::Array& all, const std::string& query, int most) {
  const auto size = static_cast<std::size_t>(std::min(number_or(parameter(query, "per_page"), 20), most));
  const auto page = static_cast<std::size_t>(number_or(parameter(query, "page"), 1));
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min((page - 1) * size, all.size()));
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(page * size, all.size()));
  return FakeCloudflare::success(json::Array(begin, end),
                                 {{"total_pages", static_cast<std::int64_t>((all.size() + size - 1) / size)}});
}

}  // namespace

FakeCloudflare::FakeCloudflare() : server_([this](auto& connection) { serve(connection); }) {
  zones = {{id(1), "example.test"}};
}

std::string FakeCloudflare::id(int number) {
  return fmt::format("{:032x}", number);
}

std::string FakeCloudflare::refusal(int status, int code, const std::string& message) {
  const json::Object error{{"code", code}, {"message", message}};
  return http_response(status, json::Object{{"success", false}, {"errors", json::Array{error}}, {"result", nullptr}});
}

std::string FakeCloudflare::success(json::Value result, json::Object info) {
  return http_response(200, json::Object{{"success", true},
                                         {"errors", json::Array{}},
                                         {"result", std::move(result)},
                                         {"result_info", std::move(info)}});
}

void FakeCloudflare::serve(test::FakeServer::Connection& connection) {
  for (;;) {
    const auto request = connection.read_request();
    if (request.empty()) return;
    const std::lock_guard guard(lock_);
    const auto method = request.substr(0, request.find(' '));
    const auto target = request.substr(method.size() + 1, request.find(" HTTP/") - method.size() - 1);
    const auto token = request.find("Authorization: Bearer ") + 22;
    last_body = request.substr(request.find("\r\n\r\n") + 4);
    calls.push_back(fmt::format("{} {}", method, target));
    tokens.push_back(request.substr(token, request.find("\r\n", token) - token));

    std::string response;
    if (instead.empty()) {
      response = respond(method, target, last_body);
    } else {
      response = instead.front();
      instead.pop_front();
    }
    if (deaf_for > 0) {
      --deaf_for;
      return;
    }
    if (deaf_to_batches_for > 0 && target.ends_with("/batch")) {
      --deaf_to_batches_for;
      return;
    }
    connection.write(response.insert(response.find("\r\n") + 2, headers));
  }
}

std::string FakeCloudflare::respond(const std::string& method, const std::string& target, const std::string& body) {
  const auto path = target.substr(0, target.find('?'));
  const auto query = target.substr(std::min(path.size() + 1, target.size()));
  if (path == "/zones") return list_zones(query);
  if (path == "/user/tokens/verify") return success(json::Object{{"status", "active"}});
  const auto zone_id = path.substr(std::string("/zones/").size(), 32);
  const auto rest = path.substr(std::min(path.size(), std::string("/zones//dns_records").size() + 32));
  if (std::ranges::none_of(zones, [&](const Zone& zone) { return zone.id == zone_id; })) {
    return refusal(403, 10000, "Authentication error");
  }
  if (method == "GET") return list_records(zone_id, query);
  if (method == "DELETE") {
    if (records.erase(rest.substr(1)) == 0) return refusal(404, 81044, "Record does not exist.");
    return success(json::Object{{"id", rest.substr(1)}});
  }
  const auto given = json::parse(body).value();
  if (rest == "/batch") return batch(zone_id, given);
  if (auto fault = fault_of_post(records, given)) return *fault;
  return success(make(records, zone_id, given));
}

std::string FakeCloudflare::list_zones(const std::string& query) const {
  json::Array found;
  for (const auto& zone : zones) {
    const auto name = parameter(query, "name");
    if (!name.empty() && name != zone.name) continue;
    found.push_back(json::Object{{"id", zone.id},
                                 {"name", zone.name},
                                 {"status", zone.status},
                                 {"type", zone.type},
                                 {"name_servers", json::Array(zone.name_servers.begin(), zone.name_servers.end())}});
  }
  return page_of(found, query, zones_per_page);
}

std::string FakeCloudflare::list_records(const std::string& zone_id, const std::string& query) const {
  json::Array found;
  for (const auto& [record_id, record] : records) {
    const auto name = parameter(query, "name");
    if (record.zone_id == zone_id && (name.empty() || name == record.name)) found.push_back(shown(record_id, record));
  }
  return page_of(found, query, records_per_page);
}

std::string FakeCloudflare::batch(const std::string& zone_id, const json::Value& body) {
  if (!has_batch) return refusal(405, 7001, "Method POST not available for that URI.");
  if (body["deletes"].elements().size() + body["posts"].elements().size() > most_batched) {
    return refusal(400, 9207, "too many operations");
  }
  auto changed = records;
  json::Array posts;
  for (const auto& one : body["deletes"].elements()) {
    if (changed.erase(one["id"].text_or()) == 0) return refusal(404, 81044, "Record does not exist.");
  }
  for (const auto& post : body["posts"].elements()) {
    if (auto fault = fault_of_post(changed, post)) return *fault;
    posts.push_back(make(changed, zone_id, post));
  }
  records = std::move(changed);
  return success(json::Object{{"deletes", json::Array{}}, {"posts", std::move(posts)}});
}

std::optional<std::string> FakeCloudflare::fault_of_post(const std::map<std::string, Record>& among,
                                                         const json::Value& post) const {
  const auto ttl = post["ttl"].integer_or(0);
  const auto name = post["name"].text_or();
  if (ttl != 1 && (ttl < 60 || ttl > 86400)) return refusal(400, 9021, "Invalid TTL.");
  if (denied.contains(name)) return refusal(400, 81054, "A CNAME record with that host already exists.");
  for (const auto& [record_id, record] : among) {
    if (record.name == name && record.content == post["content"].text_or()) {
      return refusal(400, 81058, "An identical record already exists.");
    }
  }
  return std::nullopt;
}

json::Value FakeCloudflare::shown(const std::string& record_id, const Record& record) const {
  auto content = record.content;
  if (lists_bare && content.starts_with('"')) content = content.substr(1, content.size() - 2);
  return json::Object{{"id", record_id}, {"type", "TXT"}, {"name", record.name}, {"content", content}};
}

json::Value FakeCloudflare::make(std::map<std::string, Record>& among, const std::string& zone_id,
                                 const json::Value& post) {
  const auto record_id = id(++last_id_);
  const auto& record = among[record_id] = {zone_id, post["name"].text_or(), post["content"].text_or()};
  return shown(record_id, record);
}

std::set<std::string> FakeCloudflare::values_at(const std::string& name) const {
  std::set<std::string> values;
  for (const auto& [record_id, record] : records) {
    if (record.name != name) continue;
    values.insert(meant(record.content));
  }
  return values;
}

std::string FakeCloudflare::put(const std::string& name, const std::string& content) {
  auto record_id = id(++last_id_);
  records[record_id] = {zones.front().id, name, content};
  return record_id;
}

std::size_t FakeCloudflare::calls_with(const std::string& part) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(calls, [&](const std::string& call) { return call.find(part) != call.npos; }));
}

}  // namespace acmed::providers
