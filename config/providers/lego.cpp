// SPDX-License-Identifier: Apache-2.0
#include "config/providers/lego.h"

#include "config/providers/external_program.h"
#include "config/secrets.h"
#include "config/trust.h"
#include "config/urls.h"

namespace acmed::config {
namespace {

using namespace std::chrono_literals;

constexpr Duration shortest_timeout = 1s;
constexpr Duration longest_timeout = 1h;

LegoMode read_mode(Reader& reader) {
  static const std::vector<std::pair<std::string, LegoMode>> modes = {{"default", LegoMode::finished},
                                                                      {"raw", LegoMode::raw}};
  return reader.choice("mode", modes).value_or(LegoMode::finished);
}

std::string read_endpoint(Reader& reader) {
  if (reader.node("endpoint") == nullptr) {
    reader.fault("endpoint", "is missing: the URL before /present and /cleanup, \"https://dns-api.example.com\"");
  }
  const auto given = reader.text("endpoint");
  if (!given) return {};
  auto url = http_url(given->value);
  if (names_user(given->value)) {
    url.fault = "the URL holds a user; that and the password have keys of their own, username and password";
  } else if (url.good() && given->value.find_first_of("?#") != std::string::npos) {
    url.fault = in_quotes(given->value) + " has a query; /present and /cleanup are put behind the URL's path";
  }
  if (!url.good()) reader.fault(given->place, "endpoint", url.fault);
  while (url.value.ends_with('/')) url.value.pop_back();
  return std::move(url.value);
}

}  // namespace

void read_lego_exec(Reader& reader, Provider& provider) {
  LegoExec settings{read_external_program(reader), read_mode(reader)};
  provider.place = place_of(settings.program);
  provider.settings = std::move(settings);
}

void read_lego_httpreq(Reader& reader, Provider& provider) {
  LegoHttpreq settings;
  settings.endpoint = read_endpoint(reader);
  settings.mode = read_mode(reader);
  const bool has_username = reader.node("username") != nullptr;
  const bool has_password = reader.node("password") != nullptr;
  if (const auto username = reader.text("username")) {
    // It ends at the first colon (RFC 7617 §2).
    if (username->value.find(':') != std::string::npos) {
      reader.fault(username->place, "username", "a user's name has no \":\"; the password has a key of its own");
    }
    settings.username = username->value;
  }
  if (auto password = read_secret(reader, "password")) settings.password = std::move(password->text);
  if (has_username && !has_password) reader.fault("password", "is missing; it goes with username");
  if (has_password && !has_username) reader.fault("username", "is missing; it goes with password");
  settings.trust_pem = read_trust(reader);
  settings.timeout = reader.duration("timeout", shortest_timeout, longest_timeout).value_or(settings.timeout);
  provider.place = settings.endpoint;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
