// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <variant>

#include "base/error.h"
#include "base/files.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/secret_list.h"
#include "config/suggest.h"
#include "daemon/dns_check.h"
#include "daemon/doctor/ca_examination.h"
#include "daemon/doctor/certificate_examination.h"
#include "daemon/doctor/mends.h"
#include "daemon/host_check.h"
#include "daemon/plan.h"
#include "daemon/store/state_view.h"

namespace acmed::doctor {
namespace {

constexpr std::size_t longest_sentence = 2048;
constexpr std::size_t certificates_at_a_time = 16;
constexpr std::size_t most_names_in_a_sentence = 20;

using Loaded = std::variant<std::shared_ptr<const config::Config>, std::vector<Line>>;

void append(std::vector<Line>* lines, std::vector<Line> more) {
  lines->insert(lines->end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Blocks.
Loaded load(const std::filesystem::path& file) {
  std::vector<Line> lines;
  try {
    return std::make_shared<const config::Config>(config::load(file));
  } catch (const config::Faults& faults) {
    for (const auto& fault : faults.list()) {
      lines.push_back({"configuration", Verdict::wrong, fit_to_show(fault.text(), longest_sentence)});
    }
  } catch (const Error& error) {
    lines.push_back(wrong("configuration", error));
  }
  return lines;
}

/// A sentence of host_check.h: what is wrong, then, after a semicolon, what to do.
Line host_line(const std::string& warning) {
  const auto text = fit_to_show(warning, longest_sentence);
  const auto semicolon = text.find("; ");
  if (semicolon == std::string::npos) return {"host", Verdict::warning, text};
  return {"host", Verdict::warning, text.substr(0, semicolon), text.substr(semicolon + 2)};
}

/// Blocks.
std::vector<Line> examine_host(const config::Config& config, const Surroundings& surroundings) {
  std::vector<Line> lines;
  auto warnings = host_warnings(config, surroundings.host_facts());
  std::ranges::move(moved_folders(config), std::back_inserter(warnings));
  for (const auto& warning : warnings) lines.push_back(host_line(warning));
  std::size_t targets = 0;
  for (const auto& certificate : config.certificates) targets += certificate.deploy.size();
  if (lines.empty()) {
    lines.push_back({"host", Verdict::ok,
                     targets == 0 ? std::string("nothing is deployed: services read live/ themselves")
                                  : fmt::format("programs, units and folders of {} target{} are there", targets,
                                                targets == 1 ? "" : "s")});
  }
  std::error_code error;
  if (!std::filesystem::exists(config.state_directory, error) && !error) {
    lines.push_back({"state", Verdict::warning, fmt::format("{} is not there yet", config.state_directory.string()),
                     "start acmed, which makes it"});
  }
  return lines;
}

std::vector<Line> dns_lines(const std::vector<NameFindings>& all) {
  std::vector<Line> lines;
  std::set<std::string> told;  // names share their challenge name, their zone, and their provider's credentials
  for (const auto& name : all) {
    for (const auto& finding : name.findings) {
      const auto verdict = finding.verdict == Finding::Verdict::ok        ? Verdict::ok
                           : finding.verdict == Finding::Verdict::warning ? Verdict::warning
                                                                          : Verdict::wrong;
      const bool is_of_name = finding.about != "credentials";
      if (!told.insert(finding.text).second) continue;
      lines.push_back({is_of_name ? fmt::format("{} {}", finding.about, name.domain) : finding.about, verdict,
                       fit_to_show(finding.text, longest_sentence),
                       verdict == Verdict::ok ? std::string() : std::string(mend_of(finding.cause)), finding.cause});
    }
  }
  return lines;
}

Task<std::vector<Line>> examine_dns(Loop* loop, const config::Config* config, Question question, std::uint16_t port) {
  DnsCheck check(*loop, *config, port, question.touch_dns ? DnsCheck::Touch::test_value : DnsCheck::Touch::nothing);
  std::set<std::string> named;
  if (!question.certificate.empty()) named.insert(question.certificate);
  std::vector<NameFindings> found;
  std::exception_ptr failure;
  try {
    found = co_await check.run(named);
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  co_await check.close().under(std::stop_token());
  if (failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      co_return std::vector{wrong("DNS", error)};
    }
  }
  co_return dns_lines(found);
}

/// Each once, of the certificates that name one.
std::vector<config::Profile> profiles_wanted(const std::vector<const config::Certificate*>& certificates,
                                             const std::string& ca) {
  std::vector<config::Profile> profiles;
  for (const auto* certificate : certificates) {
    if (certificate->ca != ca || !certificate->profile) continue;
    if (std::ranges::find(profiles, *certificate->profile) == profiles.end()) {
      profiles.push_back(*certificate->profile);
    }
  }
  return profiles;
}

/// The provider that a sentence is about: the one that it names, else the only one there is; empty when that cannot be
/// told.
std::string provider_in(const std::string& sentence, const config::Config& config) {
  constexpr std::string_view word = "provider ";
  for (auto at = sentence.find(word); at != std::string::npos; at = sentence.find(word, at)) {
    at += word.size();
    const auto end = sentence.find_first_of(" :;,", at);
    auto name = sentence.substr(at, end == std::string::npos ? end : end - at);
    if (std::ranges::find(config.providers, name, &config::Provider::name) != config.providers.end()) return name;
  }
  return config.providers.size() == 1 ? config.providers.front().name : std::string();
}

void replace(std::string* text, std::string_view old, const std::string& by) {
  if (const auto at = text->find(old); at != std::string::npos) text->replace(at, old.size(), by);
}

/// Mends are known by the cause alone: here the table that they speak of gets its name.
void name_tables(const config::Config& config, std::vector<Line>* lines) {
  constexpr std::string_view of_ca = "CA ";
  for (auto& line : *lines) {
    std::string table;
    if (line.subject.starts_with(of_ca)) {
      table = fmt::format("[ca.{}]", line.subject.substr(of_ca.size()));
    } else if (const auto provider = provider_in(line.sentence, config); !provider.empty()) {
      table = fmt::format("[provider.{}]", provider);
    }
    if (table.empty()) continue;
    for (const auto* open : {"[provider.NAME]", "the same table"}) replace(&line.mend, open, table);
  }
}

Line unknown(const config::Config& config, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& certificate : config.certificates) known.push_back(certificate.name);
  auto hint = config::did_you_mean(name, known);
  if (hint.empty() && !known.empty() && known.size() <= most_names_in_a_sentence) {
    hint = "; there is " + config::listed(known, "and");
  }
  return {"configuration", Verdict::wrong,
          fmt::format("no certificate is named \"{}\"{}", fit_to_show(name, longest_sentence), hint)};
}

}  // namespace

Task<std::vector<Line>> examine(Loop* loop, const config::Config* config, Question question,
                                Surroundings surroundings) {
  std::vector<const config::Certificate*> chosen;
  for (const auto& certificate : config->certificates) {
    if (question.certificate.empty() || certificate.name == question.certificate) chosen.push_back(&certificate);
  }
  std::vector<Line> lines;
  if (chosen.empty() && !question.certificate.empty()) {
    lines.push_back(unknown(*config, question.certificate));
    co_return lines;
  }
  lines.push_back({"configuration", config->certificates.empty() ? Verdict::warning : Verdict::ok,
                   config->certificates.empty()
                       ? nothing_configured(config->file)
                       : fmt::format("{}, {} certificate{}", config->file.string(), config->certificates.size(),
                                     config->certificates.size() == 1 ? "" : "s")});
  auto of_host = co_await offload([config, surroundings] { return examine_host(*config, surroundings); });
  append(&lines, std::move(of_host));

  const store::StateView state(config->state_directory);
  std::set<std::string> cas;
  for (const auto* certificate : chosen) {
    cas.insert(certificate->ca);
    cas.insert(certificate->fallback_cas.begin(), certificate->fallback_cas.end());
  }
  std::vector<Task<std::vector<Line>>> of_cas;
  for (const auto& name : cas) {
    of_cas.push_back(examine_ca(loop, &config->cas.at(name), profiles_wanted(chosen, name), state));
  }
  auto ca_lines = co_await when_all(std::move(of_cas));
  for (auto& each : ca_lines) append(&lines, std::move(each));

  for (std::size_t at = 0; at < chosen.size(); at += certificates_at_a_time) {
    std::vector<Task<std::vector<Line>>> some;
    for (auto i = at; i < std::min(at + certificates_at_a_time, chosen.size()); ++i) {
      some.push_back(examine_certificate(loop, chosen[i], state));
    }
    auto found = co_await when_all(std::move(some));
    for (auto& each : found) append(&lines, std::move(each));
  }
  auto of_dns = co_await examine_dns(loop, config, std::move(question), surroundings.dns_port);
  append(&lines, std::move(of_dns));
  name_tables(*config, &lines);
  co_return lines;
}

Task<std::vector<Line>> examine(Loop* loop, std::filesystem::path config_file, Question question,
                                Surroundings surroundings) {
  auto loaded = co_await offload([config_file] { return load(config_file); });
  if (auto* faults = std::get_if<std::vector<Line>>(&loaded)) co_return std::move(*faults);
  const auto config = std::get<std::shared_ptr<const config::Config>>(loaded);
  co_return co_await examine(loop, config.get(), std::move(question), std::move(surroundings));
}

}  // namespace acmed::doctor
