// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/siphash.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <utility>

#include "base/crypto/openssl.h"

namespace acmed::crypto {

struct SipHash::Context {
  Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> mac;
  std::size_t wanted = size;  ///< OSSL_PARAM points to it
  std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &wanted),
                                       OSSL_PARAM_construct_end()};
};

SipHash::SipHash(Secret key) : key_(std::move(key)), context_(std::make_unique<Context>()) {
  // No use of it is subject to FIPS 140: nothing is kept secret by it.
  const Owned<EVP_MAC, EVP_MAC_free> algorithm(need(EVP_MAC_fetch(nullptr, "SIPHASH", "-fips"), "use SipHash"));
  context_->mac.reset(need(EVP_MAC_CTX_new(algorithm.get()), "use SipHash"));
}

SipHash::~SipHash() = default;
SipHash::SipHash(SipHash&&) noexcept = default;

bool SipHash::hash(std::string_view text, std::span<char, size> out) noexcept {
  auto* mac = context_->mac.get();
  const auto& key = key_.reveal();
  std::size_t written = 0;
  return EVP_MAC_init(mac, octets(key), key.size(), context_->parameters.data()) == 1 &&
         EVP_MAC_update(mac, octets(text), text.size()) == 1 &&
         EVP_MAC_final(mac, reinterpret_cast<unsigned char*>(out.data()), &written, out.size()) == 1;
}

}  // namespace acmed::crypto
