// SPDX-License-Identifier: Apache-2.0
#include "daemon/tlsa_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/runtime/offload.h"
#include "daemon/issue/tlsa_look.h"
#include "daemon/store/state_view.h"

namespace acmed {
namespace {

using Verdict = Finding::Verdict;

constexpr const char* about = "TLSA";

/// The records of the keys in service, of the next key, and of what targets still serve, as far as they are known.
Task<std::set<std::string>> expected(std::filesystem::path state_directory, NameFindings* findings) {
  const store::StateView state(std::move(state_directory));
  const auto certificate = findings->certificate;
  std::set<std::string> values;
  std::optional<store::Certificate> remembered;
  try {
    remembered = co_await offload([state, certificate] { return state.certificate(certificate); });
  } catch (const Error& error) {
    add(findings, Verdict::warning,
        fmt::format("which TLSA records acmed has put there cannot be seen from here: {}", error.what()), about);
    co_return values;
  }
  if (!remembered || !remembered->dane || remembered->dane->values.empty()) {
    add(findings, Verdict::warning,
        fmt::format("acmed has put no TLSA record at {} yet: acmed --once {}", findings->domain, certificate), about);
    co_return values;
  }
  for (const auto& value : remembered->dane->values) {
    if (value.name == findings->domain && value.superfluous == Time{} && value.usable != Time{})
      values.insert(value.value);
  }
  co_return values;
}

}  // namespace

/// A service whose key has no record among those that stand there is refused by whoever looks at them (RFC 7672 §2.2).
Task<> examine_tlsa_records(std::filesystem::path state_directory, dns::Name name, dns::Location location,
                            NameFindings* findings) {
  const auto wanted = co_await expected(std::move(state_directory), findings);
  const auto looks = co_await issue::look_at_tlsa(name, std::move(location));
  for (const auto& look : looks) {
    if (!look.values) {
      add(findings, Verdict::warning, fmt::format("{}: {}", look.server.text(), look.said), about);
      continue;
    }
    std::vector<std::string> missing;
    std::ranges::set_difference(wanted, *look.values, std::back_inserter(missing));
    if (missing.empty()) {
      add(findings, Verdict::ok,
          fmt::format("{}: {} TLSA records, all {} of acmed's among them", look.server.text(), look.values->size(),
                      wanted.size()),
          about);
    } else {
      add(findings, Verdict::wrong,
          fmt::format("{} does not show the TLSA record {} at {}: somebody has removed it, or the server lags; acmed "
                      "puts it there again within a day, at once by: acmed --once {}",
                      look.server.text(), fmt::join(missing, ", "), name.text(), findings->certificate),
          about);
    }
  }
}

}  // namespace acmed
