// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/chain_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "base/foreign_text.h"

namespace acmed::issue {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t most_names_told = 5;

/// "a, b and 3 more".
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_names_told); ++i) {
    text += (i == 0 ? "" : ", ") + one_line(names[i], longest_name);
  }
  if (names.size() > most_names_told) text += fmt::format(" and {} more", names.size() - most_names_told);
  return text;
}

/// Whether a certificate for `names` is valid for `name`: literally, or by a wildcard in place of its first label.
bool cover(const std::set<std::string>& names, const std::string& name) {
  if (names.contains(name)) return true;
  const auto dot = name.find('.');
  return dot != name.npos && names.contains("*" + name.substr(dot));
}

/// Takes the certificate of `key` out of `certificates`.
crypto::Certificate take_leaf(std::vector<crypto::Certificate>& certificates, const crypto::PrivateKey& key) {
  const auto has_key = [&key](const crypto::Certificate& certificate) { return certificate.has_key(key); };
  const auto found = std::ranges::find_if(certificates, has_key);
  if (found == certificates.end()) {
    throw WrongCertificate("the CA's certificate is for another key than the one that was asked for");
  }
  auto leaf = *found;
  // Some CAs send a certificate twice.
  std::erase(certificates, leaf);
  return leaf;
}

/// The leaf, followed each time by the certificate that certifies the previous one.
std::vector<crypto::Certificate> in_order(crypto::Certificate leaf, std::vector<crypto::Certificate> others) {
  std::vector<crypto::Certificate> chain = {std::move(leaf)};
  while (!others.empty()) {
    const auto& last = chain.back();
    const auto issuer = std::ranges::find_if(
        others, [&last](const crypto::Certificate& candidate) { return last.is_certified_by(candidate); });
    if (issuer == others.end()) {
      throw BrokenChain(fmt::format(
          "the CA's chain is broken: its certificate {} was issued by \"{}\", and no other that came with it "
          "is that issuer's. It is not put in service; the next try downloads it again",
          chain.size(), one_line(last.issuer_common_name(), longest_name)));
    }
    auto next = *issuer;
    std::erase(others, next);
    chain.push_back(std::move(next));
  }
  return chain;
}

void require_for_servers(const crypto::Certificate& leaf) {
  if (leaf.is_ca()) {
    throw BrokenChain("the CA's certificate is that of a CA itself (CA:TRUE), which no TLS client takes for a server");
  }
  if (!leaf.is_for_servers()) {
    throw BrokenChain(
        "the CA's certificate is not for TLS servers (its extended key usage lacks serverAuth): look at the CA's "
        "profiles, and at profile in its [ca] section");
  }
}

}  // namespace

CheckedChain check_chain(std::vector<crypto::Certificate> sent, const crypto::PrivateKey& key,
                         const std::vector<std::string>& ordered, Time now) {
  auto leaf = take_leaf(sent, key);

  const auto in_leaf = leaf.dns_names();
  const std::set<std::string> names(in_leaf.begin(), in_leaf.end());
  std::set<std::string> wanted;
  for (const auto& name : ordered) wanted.insert(ascii_lower(name));
  std::vector<std::string> missing;
  std::ranges::copy_if(wanted, std::back_inserter(missing), [&](const auto& name) { return !cover(names, name); });
  if (!missing.empty()) {
    throw WrongCertificate(fmt::format(
        "the CA's certificate is for other names than those that were ordered: it lacks {}", listed(missing)));
  }
  if (leaf.not_after() <= now) {
    // A clock that is set right makes it a good one.
    throw BrokenChain(fmt::format("the CA's certificate ended at {}, before it was received: look at this host's clock",
                                  to_rfc3339(leaf.not_after())));
  }
  require_for_servers(leaf);

  CheckedChain checked{in_order(std::move(leaf), std::move(sent)), {}};
  std::vector<std::string> beyond;
  std::ranges::set_difference(names, wanted, std::back_inserter(beyond));
  if (!beyond.empty()) {
    checked.remarks.push_back(fmt::format("the CA's certificate is also for {}, which nobody ordered", listed(beyond)));
  }
  if (checked.certificates.size() == 1) {
    checked.remarks.push_back(fmt::format(
        "the CA sent a certificate without a chain: only clients that have the certificate of \"{}\" can verify it",
        one_line(checked.certificates.front().issuer_common_name(), longest_name)));
  }
  return checked;
}

}  // namespace acmed::issue
