// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/jwk.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <list>
#include <vector>

#include "base/crypto/encoding.h"
#include "base/crypto/openssl.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

constexpr const char* refusal = "crypto:key";
constexpr std::size_t largest_member = 2048;  // base64 of 4096 bits takes 683

using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using Context = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

/// A member with octets in base64url.
std::string octets_of(const json::Value& jwk, const char* member) {
  const auto text = jwk[member].text_or();
  const auto value = text.size() <= largest_member ? from_base64(text) : std::nullopt;
  if (!value || value->empty()) throw Refused(refusal, std::string("the JWK has no member ") + member);
  return *value;
}

struct Group {
  std::string_view jwk;
  const char* openssl;
  std::size_t coordinate;
};
constexpr std::array groups = {Group{"P-256", "prime256v1", 32}, Group{"P-384", "secp384r1", 48},
                               Group{"P-521", "secp521r1", 66}};

std::string filled(std::string octets, std::size_t size) {
  if (octets.size() < size) octets.insert(0, size - octets.size(), '\0');
  return octets;
}

/// Numbers and strings live until the parameters are built: OpenSSL copies them then.
class KeyParts {
 public:
  KeyParts() : builder_(need(OSSL_PARAM_BLD_new(), "read a JWK")) {}

  void number(const char* name, const std::string& octets_of_number) {
    numbers_.emplace_back(
        need(BN_bin2bn(octets(octets_of_number), static_cast<int>(octets_of_number.size()), nullptr), "read a JWK"));
    need(OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get()), "read a JWK");
  }
  void text(const char* name, const char* value) {
    need(OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, value, 0), "read a JWK");
  }
  void string(const char* name, std::string value) {
    const auto& kept = strings_.emplace_back(std::move(value));
    need(OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, kept.data(), kept.size()), "read a JWK");
  }

  PrivateKey key(const char* type) {
    const Parameters parameters(need(OSSL_PARAM_BLD_to_param(builder_.get()), "read a JWK"));
    const Context context(need(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), "read a JWK"));
    EVP_PKEY* raw = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_KEYPAIR, parameters.get()) != 1) {
      throw Refused(refusal, "the JWK is no private key: " + take_openssl_error());
    }
    const Owned<EVP_PKEY, EVP_PKEY_free> key(raw);
    const OwnedBio pem(need(BIO_new(BIO_s_secmem()), "read a JWK"));
    need(PEM_write_bio_PKCS8PrivateKey(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), "read a JWK");
    return PrivateKey::from_pem(Secret(std::string(written(pem.get()))));
  }

 private:
  std::vector<OwnedNumber> numbers_;
  std::list<std::string> strings_;
  Builder builder_;
};

PrivateKey rsa_key(const json::Value& jwk) {
  constexpr std::array<std::pair<const char*, const char*>, 8> members = {{{"n", OSSL_PKEY_PARAM_RSA_N},
                                                                           {"e", OSSL_PKEY_PARAM_RSA_E},
                                                                           {"d", OSSL_PKEY_PARAM_RSA_D},
                                                                           {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                                                           {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                                                           {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                                                           {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                                                           {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};
  KeyParts parts;
  for (const auto& [member, parameter] : members) parts.number(parameter, octets_of(jwk, member));
  return parts.key("RSA");
}

PrivateKey curve_key(const json::Value& jwk) {
  const auto name = jwk["crv"].text_or();
  for (const auto& group : groups) {
    if (group.jwk != name) continue;
    KeyParts parts;
    parts.text(OSSL_PKEY_PARAM_GROUP_NAME, group.openssl);
    parts.string(OSSL_PKEY_PARAM_PUB_KEY, "\x04" + filled(octets_of(jwk, "x"), group.coordinate) +
                                              filled(octets_of(jwk, "y"), group.coordinate));
    parts.number(OSSL_PKEY_PARAM_PRIV_KEY, octets_of(jwk, "d"));
    return parts.key("EC");
  }
  throw Refused(refusal, "the JWK has a curve that acmed does not know");
}

}  // namespace

PrivateKey private_key_from_jwk(const json::Value& jwk) {
  const auto type = jwk["kty"].text_or();
  if (type == "RSA") return rsa_key(jwk);
  if (type == "EC") return curve_key(jwk);
  throw Refused(refusal, "the JWK is no RSA or EC key");
}

}  // namespace acmed::crypto
