// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/request.h"

#include <fmt/format.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/crypto/openssl.h"
#include "base/crypto/signature.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

constexpr const char* making = "make a request";

/// RFC 5280 §4.2.1.3, by bit.
constexpr std::array<std::string_view, 9> key_usages = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                                        "dataEncipherment", "keyAgreement",   "keyCertSign",
                                                        "cRLSign",          "encipherOnly",   "decipherOnly"};

using Extensions = STACK_OF(X509_EXTENSION);

struct FreeExtensions {
  void operator()(Extensions* list) const noexcept { sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free); }
};

[[noreturn]] void refuse(const std::string& what) {
  take_openssl_error();  // which the sentence replaces
  throw Refused("request:content", "a certificate signing request cannot have " + what);
}

void add_names(GENERAL_NAMES* names, int type, const std::vector<std::string>& texts) {
  for (const auto& each : texts) {
    Owned<ASN1_IA5STRING, ASN1_IA5STRING_free> text(need(ASN1_IA5STRING_new(), making));
    need(ASN1_STRING_set(text.get(), each.data(), static_cast<int>(each.size())), making);
    Owned<GENERAL_NAME, GENERAL_NAME_free> name(need(GENERAL_NAME_new(), making));
    GENERAL_NAME_set0_value(name.get(), type, text.release());
    if (sk_GENERAL_NAME_push(names, name.get()) <= 0) fail(making);
    static_cast<void>(name.release());  // the list's now
  }
}

void add_key_usage(Extensions** list, const std::vector<std::string>& usages) {
  const Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> bits(need(ASN1_BIT_STRING_new(), making));
  for (const auto& usage : usages) {
    const auto found = std::ranges::find(key_usages, usage);
    if (found == key_usages.end()) refuse("the key usage \"" + usage + "\"");
    need(ASN1_BIT_STRING_set_bit(bits.get(), static_cast<int>(found - key_usages.begin()), 1), making);
  }
  need(X509V3_add1_i2d(list, NID_key_usage, bits.get(), 1, 0), making);
}

void add_extended_key_usage(Extensions** list, const std::vector<std::string>& usages) {
  const Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> all(need(sk_ASN1_OBJECT_new_null(), making));
  for (const auto& usage : usages) {
    Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(usage.c_str(), 0));
    if (!object) refuse("the extended key usage \"" + usage + "\"");
    if (sk_ASN1_OBJECT_push(all.get(), object.get()) <= 0) fail(making);
    static_cast<void>(object.release());  // the list's now
  }
  need(X509V3_add1_i2d(list, NID_ext_key_usage, all.get(), 0, 0), making);
}

/// A curve and a point are set part by part (RFC 5480 §2): X509_REQ_set_pubkey() writes the key to DER and reads it
/// again, which takes longer than all the rest of a request.
void set_public_key(X509_REQ* request, const PrivateKey& key) {
  const int curve = curve_of(key.native_public());
  if (curve == NID_undef) {
    need(X509_REQ_set_pubkey(request, key.native_public()), making);
    return;
  }
  unsigned char* point = nullptr;
  const auto size = EVP_PKEY_get1_encoded_public_key(key.native_public(), &point);
  if (size == 0) fail(making);
  if (X509_PUBKEY_set0_param(X509_REQ_get_X509_PUBKEY(request), OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                             OBJ_nid2obj(curve), point, static_cast<int>(size)) != 1) {
    OPENSSL_free(point);
    fail(making);
  }
}

using OwnedRequest = Owned<X509_REQ, X509_REQ_free>;

OwnedRequest unsigned_request(const PrivateKey& key, const RequestContent& content) {
  OwnedRequest request(need(X509_REQ_new(), making));
  need(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1), making);
  set_public_key(request.get(), key);
  for (const auto& [part, value] : content.subject) {
    // OpenSSL chooses the string type that each part has to have, and checks its length (RFC 5280 appendix A.1).
    if (X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), part.c_str(), MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(value.data()), static_cast<int>(value.size()),
                                   -1, 0) != 1) {
      refuse(fmt::format("{} = \"{}\" in its subject", part, value));
    }
  }
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(need(sk_GENERAL_NAME_new_null(), making));
  add_names(names.get(), GEN_DNS, content.dns_names);
  add_names(names.get(), GEN_EMAIL, content.emails);
  add_names(names.get(), GEN_URI, content.uris);
  Extensions* list = nullptr;
  need(X509V3_add1_i2d(&list, NID_subject_alt_name, names.get(), 0, 0), making);
  std::unique_ptr<Extensions, FreeExtensions> extensions(list);
  if (!content.key_usage.empty()) add_key_usage(&list, content.key_usage);
  if (!content.extended_key_usage.empty()) add_extended_key_usage(&list, content.extended_key_usage);
  need(X509_REQ_add_extensions(request.get(), extensions.get()), making);
  return request;
}

Digest digest_of(const RequestContent& content) {
  if (content.digest_bits == 512) return Digest::sha512;
  return content.digest_bits == 384 ? Digest::sha384 : Digest::sha256;
}

std::string signed_request(OwnedRequest request, const PrivateKey& key, std::optional<Digest> digest, bool is_pss) {
  const auto turn = key.turn();
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> signing(need(EVP_MD_CTX_new(), making));
  auto* options = begin_signature(signing.get(), key, digest);
  if (is_pss) {
    if (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) <= 0 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(options, message_digest(*digest)) <= 0) {
      fail(making);
    }
  }
  sign_request(request.get(), signing.get(), key);
  return der_of(i2d_X509_REQ, static_cast<const X509_REQ*>(request.get()));
}

}  // namespace

std::string make_csr(const PrivateKey& key, const std::vector<std::string>& dns_names, const std::string& common_name) {
  RequestContent content;
  content.dns_names = dns_names;
  if (!common_name.empty()) content.subject.emplace_back("CN", common_name);
  return signed_request(unsigned_request(key, content), key, signature_digest(key.type()), false);
}

std::string make_csr(const PrivateKey& key, const RequestContent& content) {
  return signed_request(unsigned_request(key, content), key, digest_of(content), content.is_pss);
}

}  // namespace acmed::crypto
