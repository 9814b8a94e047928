// SPDX-License-Identifier: Apache-2.0
#include "base/party.h"

#include <array>
#include <utility>

namespace acmed {
namespace {

constexpr std::array<std::pair<Party, std::string_view>, 5> names = {{{Party::host, "host"},
                                                                      {Party::ca, "ca"},
                                                                      {Party::dns_operator, "dns_operator"},
                                                                      {Party::name_server, "name_server"},
                                                                      {Party::target, "target"}}};

}  // namespace

std::string_view to_text(Party party) noexcept {
  for (const auto& [known, name] : names) {
    if (known == party) return name;
  }
  return "host";
}

std::optional<Party> party_from_text(std::string_view text) noexcept {
  for (const auto& [party, name] : names) {
    if (name == text) return party;
  }
  return std::nullopt;
}

}  // namespace acmed
