// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>

#include "base/crypto/openssl.h"

namespace acmed::crypto {
namespace {

/// A host may prefer FIPS algorithms by default; MD5 and SHA-1 must still be found where an old name server's TSIG key
/// wants them.
constexpr const char* any_provider = "-fips";

constexpr std::array<const char*, 6> openssl_names = {"MD5", "SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512"};

const char* openssl_name(Digest digest) {
  return openssl_names.at(static_cast<std::size_t>(digest));
}

using OwnedDigest = Owned<EVP_MD, EVP_MD_free>;

template <Digest digest>
const EVP_MD* fetched() {
  static const OwnedDigest algorithm(
      need(EVP_MD_fetch(nullptr, openssl_name(digest), any_provider), "find a digest in OpenSSL"));
  return algorithm.get();
}

EVP_MAC* hmac_algorithm() {
  static const Owned<EVP_MAC, EVP_MAC_free> algorithm(
      need(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, any_provider), "find HMAC in OpenSSL"));
  return algorithm.get();
}

}  // namespace

const EVP_MD* message_digest(Digest digest) {
  switch (digest) {
    case Digest::md5:
      return fetched<Digest::md5>();
    case Digest::sha1:
      return fetched<Digest::sha1>();
    case Digest::sha224:
      return fetched<Digest::sha224>();
    case Digest::sha256:
      return fetched<Digest::sha256>();
    case Digest::sha384:
      return fetched<Digest::sha384>();
    case Digest::sha512:
      return fetched<Digest::sha512>();
  }
  fail("find a digest that does not exist");
}

std::size_t digest_size(Digest digest) {
  constexpr std::array<std::size_t, 6> sizes = {16, 20, 28, 32, 48, 64};
  return sizes.at(static_cast<std::size_t>(digest));
}

std::string sha256(std::string_view bytes) {
  std::string result(digest_size(Digest::sha256), '\0');
  need(EVP_Digest(bytes.data(), bytes.size(), octets(result), nullptr, message_digest(Digest::sha256), nullptr),
       "make a SHA-256 digest");
  return result;
}

std::string hmac(Digest digest, std::string_view key, std::string_view bytes) {
  const Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> mac(need(EVP_MAC_CTX_new(hmac_algorithm()), "make an HMAC"));
  // OSSL_PARAM takes its texts as mutable, but only reads them.
  const std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(openssl_name(digest)), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES, const_cast<char*>(any_provider), 0),
      OSSL_PARAM_construct_end()};
  // An empty key is a key; a null pointer would mean the key of before.
  const auto* key_start = key.empty() ? reinterpret_cast<const unsigned char*>("") : octets(key);
  need(EVP_MAC_init(mac.get(), key_start, key.size(), parameters.data()), "make an HMAC");
  need(EVP_MAC_update(mac.get(), octets(bytes), bytes.size()), "make an HMAC");
  std::string result(digest_size(digest), '\0');
  std::size_t size = 0;
  need(EVP_MAC_final(mac.get(), octets(result), &size, result.size()), "make an HMAC");
  return result;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  need(RAND_bytes(octets(bytes), static_cast<int>(count)), "get random bytes");
  return bytes;
}

}  // namespace acmed::crypto
