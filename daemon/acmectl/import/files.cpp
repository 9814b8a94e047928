// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/import/files.h"

#include <algorithm>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/files.h"

namespace acmed::acmectl::import {
namespace {

constexpr std::size_t largest_file = std::size_t{4} << 20;

}  // namespace

std::string text_of(const std::filesystem::path& file) {
  return files::read(file, largest_file).value_or("");
}

json::Value json_of(const std::filesystem::path& file) {
  return json::parse(text_of(file)).value_or(json::Value());
}

std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> entries;
  for (const auto& name : files::names_in(folder)) entries.push_back(folder / name);
  std::ranges::sort(entries);
  return entries;
}

std::vector<std::string> domains_of(const std::string& pem, const std::string& first) {
  std::vector<std::string> domains;
  try {
    domains = crypto::parse_chain(pem).front().dns_names();
  } catch (const Error&) {
    return domains;
  }
  const auto found = std::ranges::find(domains, first);
  if (found != domains.end()) std::rotate(domains.begin(), found, found + 1);
  return domains;
}

}  // namespace acmed::acmectl::import
