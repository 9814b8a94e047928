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

/// Of a key that stays in a token the public half is remembered.
bool has_key(const Generation& generation, const crypto::Certificate& leaf) {
  if (!generation.meta.key_uri.empty()) return leaf.public_key_digest() == generation.meta.public_key;
  return leaf.has_key(crypto::PrivateKey::from_pem(generation.files.private_key));
}

}  // namespace

void require_pair(const Generation& generation) {
  const auto& files = generation.files;
  std::vector<crypto::Certificate> chain;
  bool is_pair = false;
  try {
    chain = crypto::parse_chain(files.full_chain);
    is_pair = has_key(generation, chain.front());
  } catch (const Error& error) {
    refuse(generation, error.what());
  }
  const auto& leaf = chain.front();
  if (!is_pair) refuse(generation, "its key is not that of its certificate");
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
