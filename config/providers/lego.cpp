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

Checked<> endpoint(std::string_view text) {
  if (names_user(text)) {
    return {{}, "the URL holds a user; that and the password have keys of their own, username and password"};
  }
  auto url = http_url(text);
  if (url.good() && text.find_first_of("?#") != text.npos) {
    url.fault = in_quotes(text) + " has a query; /present and /cleanup are put behind the URL's path";
  }
  return url;
}

}  // namespace

void read_lego_exec(Reader& reader, Provider& provider) {
  LegoExec settings{read_external_program(reader), read_mode(reader)};
  provider.place = place_of(settings.program);
  provider.settings = std::move(settings);
}

void read_lego_httpreq(Reader& reader, Provider& provider) {
  LegoHttpreq settings;
  reader.required("endpoint", "the URL before /present and /cleanup, \"https://dns-api.example.com\"");
  settings.endpoint = reader.url("endpoint", endpoint).value_or("");
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
  if (auto password = read_secret(reader, "password")) settings.password = std::move(password->source);
  if (has_username && !has_password) reader.fault("password", "is missing; it goes with username");
  if (has_password && !has_username) reader.fault("username", "is missing; it goes with password");
  settings.trust_pem = read_trust(reader);
  settings.timeout = reader.duration("timeout", shortest_timeout, longest_timeout).value_or(settings.timeout);
  provider.place = settings.endpoint;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
