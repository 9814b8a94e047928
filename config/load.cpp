// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <map>
#include <set>

#include "base/error.h"
#include "base/trusted_path.h"
#include "config/cas.h"
#include "config/certificates.h"
#include "config/control.h"
#include "config/deployments.h"
#include "config/files.h"
#include "config/include.h"
#include "config/notify.h"
#include "config/other_clients.h"
#include "config/propagation.h"
#include "config/providers.h"
#include "config/providers/responder.h"
#include "config/section_name.h"
#include "config/targets.h"

namespace acmed::config {
namespace {

constexpr const char* usual_state_directory = "/var/lib/acmed";

std::filesystem::path read_state_directory(Reader& main) {
  if (const auto given = main.text("state_directory")) {
    auto path = absolute_path(given->value, given->place);
    return path.has_filename() ? path : path.parent_path();
  }
  const char* from_manager = std::getenv("STATE_DIRECTORY");
  if (from_manager == nullptr || *from_manager == '\0') return usual_state_directory;
  // With several directories in StateDirectory= systemd joins them with colons; the first one is ours.
  const std::string_view all = from_manager;
  return std::filesystem::path(all.substr(0, all.find(':')));
}

/// The tables [KIND.NAME] of all files, each with its name. A name that appears in two files is a fault.
std::vector<std::pair<std::string, Reader>> named_sections(std::vector<Reader>& files, const std::string& kind) {
  std::vector<std::pair<std::string, Reader>> sections;
  std::map<std::string, Place> places;
  for (auto& file : files) {
    auto group = file.table(kind);
    if (!group) continue;
    for (const auto& entry : group->entries()) {
      const auto* table = entry.node.as<Table>();
      const auto name = group->name_of(entry.key);
      if (table == nullptr) {
        group->fault(entry.place, entry.key,
                     fmt::format("belongs into a table with a name of its own, [{}.NAME]", kind));
        continue;
      }
      if (const auto fault = fault_of_section_name(entry.key); !fault.empty()) {
        group->fault(entry.place, "", fault);
      }
      const auto [first, is_new] = places.emplace(entry.key, entry.place);
      if (!is_new) {
        group->fault(entry.place, entry.key, fmt::format("[{}] is already defined at {}", name, first->second.text()));
        continue;
      }
      sections.emplace_back(entry.key, Reader(*table, entry.place, name, file.faults()));
    }
  }
  return sections;
}

Config build(const std::filesystem::path& file, const std::deque<Source>& sources, FaultList& faults) {
  std::vector<Reader> readers;
  readers.reserve(sources.size());
  for (const auto& source : sources) {
    readers.emplace_back(source.table, Place{source.file, 1, 1}, std::string(), faults);
  }
  auto& main = readers.front();

  Config config;
  config.file = file;
  config.state_directory = read_state_directory(main);
  main.node("include");
  if (auto propagation = main.table("propagation")) {
    config.propagation = read_propagation(*std::move(propagation), config.resolvers);
  }
  if (auto control = main.table("control")) read_control(*std::move(control), config);
  if (auto http = main.table("http")) read_http(*std::move(http), config);
  if (auto notify = main.table("notify")) config.notify = read_notify(*std::move(notify));
  for (auto& [name, reader] : named_sections(readers, "ca")) {
    auto of_ca = reader;
    auto ca = read_ca(name, std::move(reader));
    if (const auto fault = fault_of_contact(ca, config.cas); !fault.empty()) of_ca.fault("contact", fault);
    if (const auto fault = fault_of_limits(ca, config.cas); !fault.empty()) of_ca.fault("limits", fault);
    config.cas.emplace(name, std::move(ca));
  }
  ZonePlaces zones;
  for (auto& [name, reader] : named_sections(readers, "provider")) {
    auto of_provider = reader;
    auto provider = read_provider(name, std::move(reader), zones);
    if (const auto fault = fault_of_listening(provider, config.providers); !fault.empty()) {
      of_provider.fault("listen", fault);
    }
    provider.propagation = completed(provider.propagation, config.propagation);
    add_routes(config.routes, provider);
    config.providers.push_back(std::move(provider));
  }
  CertificateSettings defaults;
  if (auto table = main.table("defaults")) defaults = read_defaults(*std::move(table), config);
  std::vector<Reader> certificates;
  for (auto& reader : readers) {
    for (auto& table : reader.tables("certificate")) certificates.push_back(std::move(table));
  }
  config.certificates = read_certificates(std::move(certificates), defaults, config);

  for (std::size_t i = 0; i < readers.size(); ++i) {
    if (i > 0) refuse_main_keys(readers[i]);
    readers[i].end();
  }
  return config;
}

std::filesystem::path whole_path(const std::filesystem::path& file) {
  return std::filesystem::absolute(file).lexically_normal();
}

/// What `make` returns once the included files in which it finds a fault are passed by, those included that lack
/// something then. Throws the first Faults when there is one in `file` itself. `faults`: of what was passed by.
template <class Make>
auto without_faulty_includes(const std::filesystem::path& file, std::vector<Fault>& faults, const Make& make) {
  std::set<std::string> passed_by;
  std::exception_ptr first;
  for (;;) {
    try {
      return make(passed_by);
    } catch (const Faults& found) {
      if (!first) first = std::current_exception();
      const auto already = passed_by.size();
      bool is_included = true;
      for (const auto& fault : found.list()) {
        is_included = is_included && fault.file != file.string() && fault.file != whole_path(file).string();
        passed_by.insert(fault.file);
        faults.push_back(fault);
      }
      if (!is_included || passed_by.size() == already) std::rethrow_exception(first);
    }
  }
}

Config parse_without(const std::set<std::string>& passed_by, std::string_view text, const std::filesystem::path& file) {
  FaultList faults;
  const auto sources = read_sources(text, whole_path(file), faults, passed_by);
  // A file that could not be read or parsed makes the rest look wrong: names without a CA, and so on.
  faults.throw_if_any();
  if (is_for_other_acmed(sources.front().table)) {
    throw Faults(
        {{*sources.front().file, 0, 0,
          "this file is for another program, the ACME client in Rust that is called acmed too (it has [[endpoint]], "
          "[[account]] and [[hook]]); this acmed reads a file of its own: move that one away, or name another by "
          "acmed --config FILE"}});
  }
  auto config = build(*sources.front().file, sources, faults);
  faults.throw_if_any();
  // What was read lies scattered among what is thrown away now, and would keep its pages; copies lie side by side.
  config.certificates = std::vector<Certificate>(config.certificates);
  return config;
}

}  // namespace

Config parse(std::string_view text, const std::filesystem::path& file) {
  return parse_without({}, text, file);
}

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::optional<std::string> text;
  std::string fault = "there is no such file; an example is /usr/share/doc/acmed/acmed.toml.example";
  try {
    text = files::read_trusted(file, largest_configuration, files::Trusted::of_process());
  } catch (const Error& error) {
    fault = error.what();
  }
  if (!text) throw Faults({{file.string(), 0, 0, fault}});
  return *std::move(text);
}

}  // namespace

Config load(const std::filesystem::path& file) {
  return parse(text_of(file), file);
}

Config load_for_start(const std::filesystem::path& file) {
  const auto text = text_of(file);
  std::vector<Fault> left_out;
  auto config = without_faulty_includes(
      file, left_out, [&](const std::set<std::string>& passed_by) { return parse_without(passed_by, text, file); });
  config.left_out = std::move(left_out);
  return config;
}

namespace {

Deployments deployments_without(const std::set<std::string>& passed_by, const std::filesystem::path& file) {
  FaultList faults;
  const auto sources = read_sources(text_of(file), whole_path(file), faults, passed_by);
  faults.throw_if_any();
  std::vector<Reader> readers;
  for (const auto& source : sources) {
    readers.emplace_back(source.table, Place{source.file, 1, 1}, std::string(), faults);
  }
  Deployments deployments;
  deployments.state_directory = read_state_directory(readers.front());
  DeploymentDefaults defaults;
  if (auto table = readers.front().table("defaults")) defaults = read_deployment_defaults(*table);
  std::vector<Reader> certificates;
  for (auto& reader : readers) {
    for (auto& table : reader.tables("certificate")) certificates.push_back(std::move(table));
  }
  deployments.certificates = read_certificates_to_deploy(std::move(certificates), defaults);
  faults.throw_if_any();
  return deployments;
}

}  // namespace

Deployments load_deployments(const std::filesystem::path& file) {
  std::vector<Fault> left_out;  // the daemon tells them
  return without_faulty_includes(
      file, left_out, [&](const std::set<std::string>& passed_by) { return deployments_without(passed_by, file); });
}

std::optional<Fault> why_left_out(const Config& config, const std::string& name) {
  if (config.left_out.empty()) return std::nullopt;
  FaultList ignored;
  const auto sources = read_sources(text_of(config.file), whole_path(config.file), ignored);
  for (const auto& fault : config.left_out) {
    const auto source = std::ranges::find_if(sources, [&](const Source& each) { return *each.file == fault.file; });
    if (source == sources.end()) continue;  // it is no TOML at all
    Reader file(source->table, Place{source->file, 1, 1}, std::string(), ignored);
    const auto certificates = read_certificates_to_deploy(file.tables("certificate"), {});
    if (std::ranges::find(certificates, name, &Certificate::name) != certificates.end()) return fault;
  }
  return std::nullopt;
}

std::filesystem::path state_directory_of(const std::filesystem::path& file) {
  FaultList ignored;
  std::string text;
  try {
    text = files::read(file, largest_configuration).value_or("");
  } catch (const Error&) {
    // As if it were empty.
  }
  const auto sources = read_sources(text, whole_path(file), ignored);
  static const Table nothing;
  Reader main(sources.empty() ? nothing : sources.front().table, Place(), std::string(), ignored);
  return read_state_directory(main);
}

}  // namespace acmed::config
