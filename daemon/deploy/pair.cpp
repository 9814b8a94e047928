// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/pair.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/crypto/key.h"
#include "base/crypto/x509.h"
#include "base/error.h"

namespace acmed::deploy {
namespace {

[[noreturn]] void refuse(const Generation& generation, const std::string& what) {
  throw Refused("deploy:pair", fmt::format("generation {:04} is not deployed: {}", generation.number, what));
}

}  // namespace

void require_pair(const Generation& generation) {
  const auto& files = generation.files;
  std::vector<crypto::Certificate> chain;
  std::optional<crypto::PrivateKey> key;
  try {
    chain = crypto::parse_chain(files.full_chain);
    key = crypto::PrivateKey::from_pem(files.private_key);
  } catch (const Error& error) {
    refuse(generation, error.what());
  }
  const auto& leaf = chain.front();
  if (!leaf.has_key(*key)) refuse(generation, "its key is not that of its certificate");
  if (crypto::parse_chain(files.certificate).front() != leaf) {
    refuse(generation, "its chain does not begin with its certificate");
  }
  auto wanted = generation.meta.domains;
  for (auto& name : wanted) name = ascii_lower(std::move(name));
  std::ranges::sort(wanted);
  // A generation that an early version wrote has no list of names.
  if (!wanted.empty() && leaf.dns_names() != wanted) refuse(generation, "its certificate is for other names");
}

}  // namespace acmed::deploy
