// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/route53/fake_http.h"

#include <algorithm>
#include <sstream>

namespace acmed::test {
namespace {

std::string decoded(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

FakeHttp::Request read(const std::string& text) {
  FakeHttp::Request request;
  const auto end = text.find("\r\n\r\n");
  request.body = text.substr(end + 4);
  std::istringstream lines(text.substr(0, end + 2));
  std::string target;
  std::string line;
  std::getline(lines, line);
  std::istringstream(line) >> request.method >> target;
  const auto mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query_text = target.substr(std::min(mark + 1, target.size()));
  request.query = read_form(request.query_text);
  while (std::getline(lines, line)) {
    const auto colon = line.find(": ");
    if (colon == line.npos) continue;
    auto name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = line.substr(colon + 2, line.size() - colon - 3);  // without its carriage return
  }
  return request;
}

}  // namespace

std::map<std::string, std::string> read_form(const std::string& text) {
  std::map<std::string, std::string> form;
  std::istringstream pairs(text);
  for (std::string pair; std::getline(pairs, pair, '&');) {
    const auto equals = std::min(pair.find('='), pair.size());
    form[decoded(pair.substr(0, equals))] = decoded(pair.substr(std::min(equals + 1, pair.size())));
  }
  return form;
}

FakeHttp::FakeHttp(Script script)
    : script_(std::move(script)), server_([this](FakeServer::Connection& connection) { serve(connection); }) {}

std::vector<FakeHttp::Request> FakeHttp::requests() {
  const std::lock_guard guard(lock_);
  return requests_;
}

void FakeHttp::serve(FakeServer::Connection& connection) {
  for (auto text = connection.read_request(); !text.empty(); text = connection.read_request()) {
    const std::lock_guard guard(lock_);
    requests_.push_back(read(text));
    const auto said = script_(requests_.back());
    if (said.status == 0) return;  // the connection is cut
    connection.write(answer(std::to_string(said.status) + " Said", said.headers, said.body));
  }
}

}  // namespace acmed::test
