// SPDX-License-Identifier: Apache-2.0
#include "config/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/addresses.h"
#include "config/command.h"
#include "config/key_types.h"
#include "config/names.h"
#include "config/section_name.h"
#include "config/target_files.h"

namespace acmed::config {
namespace {

using namespace std::chrono_literals;
constexpr Duration longest_hook = 1h;
/// systemd's own limit.
constexpr std::size_t longest_unit = 255;

/// What is wrong with the name of a unit; empty when nothing is.
std::string fault_of_unit(std::string_view unit) {
  static constexpr std::array<std::string_view, 9> kinds = {".service", ".socket", ".target", ".timer", ".path",
                                                            ".mount",   ".scope",  ".slice",  ".swap"};
  const auto is_kind = [unit](std::string_view kind) { return unit.ends_with(kind) && unit.size() > kind.size(); };
  if (std::ranges::none_of(kinds, is_kind)) {
    return fmt::format("{} was found; a unit is named in full, {}", in_quotes(unit),
                       in_quotes(fmt::format("{}.service", unit)));
  }
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@{}";  // with the placeholder's braces
  if (unit.size() > longest_unit || unit.find_first_not_of(allowed) != unit.npos) {
    return in_quotes(unit) + " was found, which is no name of a unit; systemctl list-units shows those there are";
  }
  if (unit.find("@.") != unit.npos) {
    return in_quotes(unit) + " was found, which is a template; name one of its instances, \"getty@tty1.service\"";
  }
  return {};
}

std::vector<std::string> read_units(Reader& reader, std::string_view key, const std::vector<std::string>& others) {
  std::vector<std::string> units;
  const auto given = reader.texts(key);
  if (!given) return units;
  for (const auto& text : *given) {
    auto fault = fault_of_unit(text.value);
    if (std::ranges::find(units, text.value) != units.end()) fault = in_quotes(text.value) + " is in the list twice";
    if (std::ranges::find(others, text.value) != others.end()) {
      fault = in_quotes(text.value) + " is also in `reload`; one of the two is enough";
    }
    if (!fault.empty()) reader.fault(text.place, key, fault);
    units.push_back(text.value);
  }
  return units;
}

/// "HOST:PORT", "[ADDRESS]:PORT".
void read_connect(Reader& reader, Verify& verify) {
  if (!reader.required("connect", "where the service listens, \"127.0.0.1:443\"")) return;
  const auto text = reader.text("connect");
  if (!text) return;
  const auto colon = text->value.rfind(':');
  const bool has_port = colon != text->value.npos && !is_address(text->value) && colon + 1 < text->value.size();
  const auto checked = server(text->value);
  if (!has_port || !checked.good()) {
    reader.fault(text->place, "connect",
                 in_quotes(text->value) +
                     " was found, an address or host name with a port is wanted: "
                     "\"127.0.0.1:443\", \"[::1]:443\", \"mail.example.com:25\"");
    return;
  }
  verify.host = text->value.substr(0, colon);
  verify.port = text->value.substr(colon + 1);
  if (verify.host.starts_with('[')) verify.host = verify.host.substr(1, verify.host.size() - 2);
}

std::optional<Verify> read_verify(Reader& certificate) {
  using StartTls = Verify::StartTls;
  auto reader = certificate.table("verify");
  if (!reader) return std::nullopt;
  Verify verify;
  read_connect(*reader, verify);
  if (const auto name = reader->text("server_name")) {
    const auto checked = certificate_name(name->value);
    const auto fault =
        checked.value.starts_with('*') ? in_quotes(name->value) + " is a wildcard; name one host" : checked.fault;
    if (!fault.empty()) reader->fault(name->place, "server_name", fault);
    verify.server_name = checked.value;
  }
  verify.start_tls = reader
                         ->choice<StartTls>("starttls", {{"smtp", StartTls::smtp},
                                                         {"imap", StartTls::imap},
                                                         {"pop3", StartTls::pop3},
                                                         {"ldap", StartTls::ldap},
                                                         {"postgres", StartTls::postgres}})
                         .value_or(StartTls::none);
  reader->end();
  return verify;
}

PlacedTarget read_target(Reader& reader) {
  Target target;
  const bool has_name = reader.node("name") != nullptr;
  if (const auto name = reader.text("name")) {
    if (const auto fault = fault_of_section_name(name->value); !fault.empty()) {
      reader.fault(name->place, "name", fault);
    }
    target.name = name->value;
  }
  if (!has_name) reader.fault("name", "is missing; give the target a name, such as that of the service");
  read_target_files(reader, target);
  target.test = read_command(reader, "test");
  target.reload = read_units(reader, "reload", {});
  target.restart = read_units(reader, "restart", target.reload);
  target.post_hook = read_command(reader, "post_hook");
  target.verify = read_verify(reader);
  target.timeout = reader.duration("timeout", 1ms, longest_hook).value_or(target.timeout);
  const auto is_given = [&reader](const char* key) { return reader.node(key) != nullptr; };
  constexpr std::array<const char*, 7> deeds = {"directory", "files",     "test",  "reload",
                                                "restart",   "post_hook", "verify"};
  if (std::ranges::none_of(deeds, is_given)) {
    reader.fault("", "this target does nothing; give it a `directory`, a `test`, a `reload` or a `post_hook`");
  }
  reader.end();
  return {std::move(target), reader.place()};
}

std::string filled(std::string text, std::string_view placeholder, std::string_view value) {
  for (auto at = text.find(placeholder); at != text.npos; at = text.find(placeholder, at + value.size())) {
    text.replace(at, placeholder.size(), value);
  }
  return text;
}

/// A name that the certificate is for.
std::string server_name_of(const std::vector<std::string>& domains) {
  const auto is_plain = [](const std::string& domain) { return !domain.starts_with('*'); };
  const auto plain = std::ranges::find_if(domains, is_plain);
  if (plain != domains.end()) return *plain;
  return domains.empty() ? std::string() : "acmed" + domains.front().substr(1);
}

}  // namespace

std::vector<PlacedTarget> read_targets(Reader& certificate) {
  std::vector<PlacedTarget> targets;
  for (auto& reader : certificate.tables("deploy")) {
    auto placed = read_target(reader);
    const auto same = std::find_if(targets.begin(), targets.end(),
                                   [&](const PlacedTarget& other) { return other.target.name == placed.target.name; });
    if (same != targets.end() && !placed.target.name.empty()) {
      reader.fault("name", fmt::format("{} is already the name of the target at {}", in_quotes(placed.target.name),
                                       same->place.text()));
    }
    targets.push_back(std::move(placed));
  }
  return targets;
}

PlacedTarget filled_in(const PlacedTarget& placed, const Certificate& certificate, std::string_view key_type,
                       Reader& reader) {
  auto result = placed;
  auto& target = result.target;
  const auto fill = [&certificate, key_type](std::string& text) {
    text = filled(std::move(text), name_placeholder, certificate.name);
    text = filled(std::move(text), key_type_placeholder, key_type);
  };
  if (target.directory) {
    auto directory = target.directory->string();
    fill(directory);
    target.directory = std::move(directory);
  }
  for (auto& [kind, file] : target.files) {
    const auto written = file;
    fill(file);
    if (file == written) continue;
    if (const auto fault = fault_of_file_name(file); !fault.empty()) {
      reader.faults().add(placed.place, reader.name_of("deploy.files"), fault);
    }
  }
  for (auto* texts : {&target.test, &target.reload, &target.restart, &target.post_hook}) {
    for (auto& text : *texts) fill(text);
  }
  if (target.verify && target.verify->server_name.empty()) {
    target.verify->server_name = server_name_of(certificate.domains);
  }
  return result;
}

}  // namespace acmed::config
