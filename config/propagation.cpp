// SPDX-License-Identifier: Apache-2.0
#include "config/propagation.h"

#include "config/addresses.h"

namespace acmed::config {
namespace {

using namespace std::chrono_literals;
constexpr Duration longest_wait = std::chrono::hours(24 * 7);
constexpr Duration longest_interval = 1h;

std::optional<std::vector<std::string>> read_addresses(Reader& reader, std::string_view key,
                                                       Checked<> (*check)(std::string_view)) {
  const auto given = reader.texts(key);
  if (!given) return std::nullopt;
  std::vector<std::string> addresses;
  for (const auto& text : *given) {
    auto checked = check(text.value);
    if (!checked.good()) reader.fault(text.place, key, checked.fault);
    addresses.push_back(std::move(checked.value));
  }
  return addresses;
}

Propagation read_common(Reader& reader) {
  using Require = Propagation::Require;
  Propagation result;
  result.timeout = reader.duration("timeout", 1s, longest_wait);
  result.settle = reader.duration("settle", 0s, longest_wait);
  result.interval_max = reader.duration("interval_max", 100ms, longest_interval);
  result.require =
      reader.choice<Require>("require", {{"all", Require::all}, {"quorum", Require::quorum}, {"none", Require::none}});
  result.exclude = read_addresses(reader, "exclude", address_network_or_host);
  result.extra = read_addresses(reader, "extra", address_with_port);
  return result;
}

}  // namespace

Propagation read_propagation(Reader reader) {
  auto result = read_common(reader);
  reader.refuse("resolvers", "resolvers are for all alike; set them in [propagation]");
  reader.end();
  return result;
}

Propagation read_propagation(Reader reader, std::vector<std::string>& resolvers) {
  auto result = read_common(reader);
  resolvers = read_addresses(reader, "resolvers", address_with_port).value_or(resolvers);
  reader.end();
  return result;
}

Propagation completed(const Propagation& own, const Propagation& above) {
  Propagation result = own;
  if (!result.timeout) result.timeout = above.timeout;
  if (!result.settle) result.settle = above.settle;
  if (!result.interval_max) result.interval_max = above.interval_max;
  if (!result.require) result.require = above.require;
  if (!result.exclude) result.exclude = above.exclude;
  if (!result.extra) result.extra = above.extra;
  return result;
}

}  // namespace acmed::config
