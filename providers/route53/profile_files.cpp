// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/profile_files.h"

#include <algorithm>

#include "providers/route53/secret_file.h"

namespace acmed::providers::route53 {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A comment at the end of a line begins after a blank.
std::string_view without_comment(std::string_view value) {
  for (const std::string_view mark : {" #", " ;", "\t#", "\t;"}) value = value.substr(0, value.find(mark));
  return trimmed(value);
}

/// "profile NAME" or "default" in the one file, NAME in the other; nothing for other sections, such as "sso-session
/// NAME".
std::optional<std::string> profile_name(std::string_view section, ProfileFile kind) {
  section = trimmed(section);
  if (kind == ProfileFile::config && section != "default") {
    constexpr std::string_view word = "profile";
    if (!section.starts_with(word) || section.find_first_of(blanks) != word.size()) return std::nullopt;
    section = trimmed(section.substr(word.size()));
  }
  if (section.size() >= 2 && section.front() == '"' && section.back() == '"')
    section = section.substr(1, section.size() - 2);
  if (section.empty()) return std::nullopt;
  return std::string(section);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string in_home(const Environment& environment, const std::string& path) {
  const auto home = environment("HOME");
  return home.empty() ? "" : home + "/" + path;
}

/// The tools of AWS allow a home written as "~".
std::string path_in(const Environment& environment, const std::string& variable, const std::string& otherwise) {
  const auto path = environment(variable);
  if (path.empty()) return in_home(environment, otherwise);
  return path.starts_with("~/") ? in_home(environment, path.substr(2)) : path;
}

struct ReadFile {
  std::map<std::string, Profile> profiles{};
  std::string unreadable{};  ///< why; empty when it was read, or is not there
};

Task<ReadFile> read_file(std::string path, ProfileFile kind) {
  std::optional<Secret> text;
  try {
    if (!path.empty()) text = co_await read_secret_file(path);
  } catch (const Error& error) {
    co_return ReadFile{{}, error.what()};
  }
  co_return text ? ReadFile{parse_profiles(text->reveal(), kind)} : ReadFile();
}

}  // namespace

const Secret& Profile::secret(const std::string& key) const {
  static const Secret none;
  const auto found = values_.find(key);
  return found == values_.end() ? none : found->second;
}

std::map<std::string, Profile> parse_profiles(std::string_view text, ProfileFile kind) {
  std::map<std::string, Profile> profiles;
  Profile* profile = nullptr;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    // What is indented belongs to the key before it: settings for single services.
    if (line.empty() || blanks.find(line[0]) != blanks.npos || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      const auto close = line.find(']');
      const auto name = close == line.npos ? std::nullopt : profile_name(line.substr(1, close - 1), kind);
      profile = name ? &profiles[*name] : nullptr;
      continue;
    }
    const auto equals = line.find('=');
    if (profile == nullptr || equals == line.npos) continue;
    profile->set(lower(trimmed(line.substr(0, equals))), Secret(std::string(without_comment(line.substr(equals + 1)))));
  }
  return profiles;
}

ProfilePaths profile_paths(const Environment& environment) {
  return {path_in(environment, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
          path_in(environment, "AWS_CONFIG_FILE", ".aws/config")};
}

Task<Profiles> read_profiles(ProfilePaths paths) {
  const auto credentials = co_await read_file(paths.credentials, ProfileFile::credentials);
  const auto config = co_await read_file(paths.config, ProfileFile::config);
  Profiles profiles{credentials.profiles};
  for (const auto& [name, profile] : profiles.by_name) {
    if (profile.has_keys()) profiles.with_keys_in_credentials.insert(name);
  }
  for (const auto& [name, profile] : config.profiles) profiles.by_name[name].complete(profile);
  for (const auto* why : {&credentials.unreadable, &config.unreadable}) {
    if (!why->empty()) profiles.unreadable.push_back(*why);
  }
  co_return profiles;
}

}  // namespace acmed::providers::route53
