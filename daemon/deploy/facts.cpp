// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/facts.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/json.h"
#include "base/time.h"

namespace acmed::deploy {
namespace {

struct FileFact {
  config::FileKind kind;
  const char* name;       ///< of the fact
  const char* live_name;  ///< its file in live/NAME; null when there is none
};

constexpr std::array<FileFact, 11> file_facts = {
    {{config::FileKind::cert, "cert", "cert.pem"},
     {config::FileKind::chain, "chain", "chain.pem"},
     {config::FileKind::fullchain, "fullchain", "fullchain.pem"},
     {config::FileKind::privkey, "privkey", "privkey.pem"},
     {config::FileKind::privkey_traditional, "privkey_traditional", nullptr},
     {config::FileKind::privkey_der, "privkey_der", nullptr},
     {config::FileKind::combined, "combined", nullptr},
     {config::FileKind::combined_key_last, "combined_key_last", nullptr},
     {config::FileKind::der, "der", nullptr},
     {config::FileKind::pkcs12, "pkcs12", nullptr},
     {config::FileKind::pkcs12_legacy, "pkcs12_legacy", nullptr}}};

/// Empty when there is no such file.
std::string path_of(const FileFact& fact, const Subject& subject) {
  const auto& target = subject.target;
  const auto file = target.files.find(fact.kind);
  if (target.directory && file != target.files.end()) return (*target.directory / file->second).string();
  return fact.live_name != nullptr ? (subject.generation.live / fact.live_name).string() : std::string();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// Each fact as a text, by the name that it has in JSON.
std::map<std::string, std::string> facts_of(const Subject& subject) {
  const auto& generation = subject.generation;
  std::map<std::string, std::string> facts = {
      {"name", generation.certificate},
      {"domains", joined(generation.meta.domains)},
      {"live_dir", generation.live.string()},
      {"serial", generation.meta.serial},
      {"not_after", to_rfc3339(generation.meta.not_after)},
      {"target", subject.target.name},
  };
  const bool is_in_token = !generation.meta.key_uri.empty();
  if (is_in_token) facts.emplace("key_uri", generation.meta.key_uri);
  for (const auto& fact : file_facts) {
    if (is_in_token && config::holds_key(fact.kind)) continue;
    if (auto path = path_of(fact, subject); !path.empty()) facts.emplace(fact.name, std::move(path));
  }
  return facts;
}

json::Object json_of(const Subject& subject) {
  json::Object object;
  for (auto& [name, text] : facts_of(subject)) object.emplace(name, std::move(text));
  json::Array domains;
  for (const auto& domain : subject.generation.meta.domains) domains.emplace_back(domain);
  object.insert_or_assign("domains", std::move(domains));
  return object;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

}  // namespace

Facts facts_for(const Subjects& subjects, Event event) {
  const std::string event_name = event == Event::deploy ? "deploy" : "rollback";
  Facts facts;
  json::Object object;
  json::Array certificates;
  std::vector<std::string> names;
  for (const auto& subject : subjects) {
    const auto& name = subject->generation.certificate;
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    certificates.emplace_back(json_of(*subject));
  }
  if (subjects.size() == 1) {
    for (const auto& [name, text] : facts_of(*subjects.front())) {
      facts.environment.push_back("ACMED_" + upper(name) + "=" + text);
    }
    object = json_of(*subjects.front());
  }
  facts.environment.push_back("ACMED_EVENT=" + event_name);
  facts.environment.push_back("ACMED_CERTIFICATES=" + joined(names));
  object.insert_or_assign("event", event_name);
  object.insert_or_assign("certificates", std::move(certificates));
  facts.json = json::dump(object);
  return facts;
}

}  // namespace acmed::deploy
