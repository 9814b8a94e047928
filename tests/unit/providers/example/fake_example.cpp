// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/example/fake_example.h"

#include "base/json.h"
#include "providers/kit/character_string.h"

namespace acmed::providers {
namespace {

const std::string records_path = "/zones/z1/records";

std::string json_answer(const std::string& status, const json::Value& body) {
  return test::answer(status, "Content-Type: application/json\r\n", json::dump(body));
}

json::Value shown(const std::string& id, const FakeExample::Record& record) {
  return json::Object{{"id", id}, {"name", record.name}, {"content", record.content}};
}

}  // namespace

FakeExample::FakeExample() : server_([this](auto& connection) { serve(connection); }) {}

void FakeExample::serve(test::FakeServer::Connection& connection) {
  for (auto request = connection.read_request(); !request.empty(); request = connection.read_request()) {
    const std::lock_guard guard(lock_);
    const auto line = request.substr(0, request.find(" HTTP/"));
    calls.push_back(line);
    connection.write(instead ? *instead : respond(request, line));
  }
}

std::string FakeExample::respond(const std::string& request, const std::string& line) {
  if (request.find("Authorization: Bearer " + token + "\r\n") == request.npos) {
    return json_answer("401 Unauthorized", json::Object{{"error", "no such token"}});
  }
  if (line == "GET /zones") {
    json::Array zones{json::Object{{"id", "z1"}, {"name", "example.test"}}};
    return json_answer("200 OK", json::Object{{"zones", std::move(zones)}});
  }
  if (line == "GET " + records_path + "?type=TXT") {
    json::Array all;
    for (const auto& [id, record] : records) all.push_back(shown(id, record));
    return json_answer("200 OK", json::Object{{"records", std::move(all)}});
  }
  if (line == "POST " + records_path) return add(request.substr(request.find("\r\n\r\n") + 4));
  const auto removal = "DELETE " + records_path + "/";
  if (line.starts_with(removal) && records.erase(line.substr(removal.size())) == 1) {
    return "HTTP/1.1 204 No Content\r\n\r\n";
  }
  return json_answer("404 Not Found", json::Object{{"error", "nothing is there"}});
}

std::string FakeExample::add(const std::string& body) {
  const auto given = json::parse(body).value();
  const Record record{given["name"].text_or(), given["content"].text_or()};
  if (denied.contains(record.name)) {
    return json_answer("422 Unprocessable", json::Object{{"error", "a CNAME stands there"}});
  }
  for (const auto& [id, other] : records) {
    if (other.name == record.name && other.content == record.content) {
      return json_answer("409 Conflict", json::Object{{"error", "it is there already"}});
    }
  }
  const auto id = "r" + std::to_string(++last_id_);
  records[id] = record;
  return json_answer("201 Created", json::Object{{"record", shown(id, record)}});
}

std::set<std::string> FakeExample::values_at(const std::string& name) const {
  std::set<std::string> values;
  for (const auto& [id, record] : records) {
    if (record.name != name) continue;
    std::string value;  // \DDD is not in the tests
    for (std::size_t i = 1; i + 1 < record.content.size(); ++i) {
      if (record.content[i] == '\\') ++i;
      value += record.content[i];
    }
    values.insert(value);
  }
  return values;
}

void FakeExample::put(const std::string& name, const std::string& value) {
  records["r" + std::to_string(++last_id_)] = {name, quoted_string(value)};
}

}  // namespace acmed::providers
