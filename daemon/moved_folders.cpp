// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/files.h"
#include "daemon/host_check.h"

namespace acmed {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_certificate = std::size_t{1} << 20;
/// So that thousands of old folders do not hold up a start.
constexpr std::size_t most_folders = 1000;

/// A folder of live/ that no certificate of the configuration has.
struct Forsaken {
  std::string name;
  std::vector<std::string> domains;  ///< sorted
};

std::vector<Forsaken> forsaken_folders(const config::Config& config) {
  std::set<std::string> configured;
  for (const auto& certificate : config.certificates) configured.insert(certificate.name);
  std::vector<Forsaken> folders;
  std::error_code error;
  for (fs::directory_iterator entry(config.state_directory / "live", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.starts_with('.') || configured.contains(name)) continue;
    if (folders.size() == most_folders) break;
    try {
      const auto pem = files::read(entry->path() / "cert.pem", largest_certificate);
      if (pem) folders.push_back({name, crypto::parse_chain(*pem).front().dns_names()});
    } catch (const Error&) {
      // What cannot be read is no certificate that a service could be using.
    }
  }
  return folders;
}

/// The names of all that is in live/, sorted: one listing instead of a look for each certificate. Nothing when it
/// cannot be listed.
std::optional<std::vector<std::string>> in_service(const config::Config& config) {
  try {
    auto names = files::names_in(config.state_directory / "live");
    std::ranges::sort(names);
    return names;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<std::string> moved_folders(const config::Config& config) {
  std::vector<std::string> sentences;
  std::vector<Forsaken> folders;
  bool has_looked = false;
  const auto served = in_service(config);
  if (!served) return sentences;
  for (const auto& certificate : config.certificates) {
    if (std::ranges::binary_search(*served, certificate.name)) continue;
    if (!std::exchange(has_looked, true)) folders = forsaken_folders(config);
    for (const auto& folder : folders) {
      const bool is_shared = std::ranges::any_of(certificate.domains, [&](const std::string& domain) {
        return std::ranges::binary_search(folder.domains, domain);
      });
      if (!is_shared) continue;
      const auto live = config.state_directory / "live";
      sentences.push_back(
          fmt::format("certificate {0}: its files will be in {1}/{0}, and {1}/{2}, with a certificate for {3}, is no "
                      "longer renewed; "
                      "where services read that one give the certificate its name: name = \"{2}\"",
                      certificate.name, live.string(), folder.name, fmt::join(folder.domains, ", ")));
    }
  }
  return sentences;
}

}  // namespace acmed
