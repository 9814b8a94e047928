// SPDX-License-Identifier: Apache-2.0
#include "config/preferred_chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace acmed::config {
namespace {

constexpr std::string_view scheme = "sha256:";
constexpr std::size_t digits = 64;

}  // namespace

std::optional<std::string> read_preferred_chain(Reader& reader) {
  const auto given = reader.text("preferred_chain");
  if (!given) return std::nullopt;
  const auto lower = ascii_lower(given->value);
  if (!lower.starts_with(scheme)) return given->value;
  auto fingerprint = lower.substr(scheme.size());
  std::erase(fingerprint, ':');
  if (fingerprint.size() != digits || fingerprint.find_first_not_of("0123456789abcdef") != fingerprint.npos) {
    reader.fault(
        given->place, "preferred_chain",
        fmt::format("{} was found, \"sha256:\" and the {} hexadecimal digits of a certificate's fingerprint are "
                    "wanted, as openssl x509 -noout -fingerprint -sha256 prints them",
                    in_quotes(given->value), digits));
    return std::nullopt;
  }
  return std::string(scheme) + fingerprint;
}

}  // namespace acmed::config
