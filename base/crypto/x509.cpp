// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/x509.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/crypto/openssl.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// How a certificate is framed in PEM: as RFC 7468 §5.1 has it, and under the older label that some CAs still write.
struct Frame {
  std::string_view begin;
  std::string_view end;
};
constexpr std::array<Frame, 2> frames = {{
    {"-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"},
    {"-----BEGIN X509 CERTIFICATE-----", "-----END X509 CERTIFICATE-----"},
}};

std::string_view view(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

Time time_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    throw Refused("certificate:time", "the certificate's validity is unreadable: " + take_openssl_error());
  }
  const auto date = std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  return to_time(std::chrono::sys_days(date) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
                 std::chrono::seconds(parts.tm_sec));
}

/// The content octets of the serial's INTEGER, with the leading zero of a large positive one (RFC 9773 §4.1).
std::string serial_octets(const X509* certificate) {
  const auto der = der_of(i2d_ASN1_INTEGER, X509_get0_serialNumber(certificate));
  const auto* content = octets(der);
  long size = 0;
  int tag = 0;
  int tag_class = 0;
  if ((ASN1_get_object(&content, &size, &tag, &tag_class, static_cast<long>(der.size())) & 0x80) != 0) {
    fail("read a serial number");
  }
  return {reinterpret_cast<const char*>(content), static_cast<std::size_t>(size)};
}

/// Takes the first line of `pem`, without blanks at its end. CR and LF end one, and so does the end of a block that
/// another follows on the same line.
std::string_view take_line(std::string_view& pem) {
  for (const auto& frame : frames) {
    if (!pem.starts_with(frame.end) || !pem.substr(frame.end.size()).starts_with("-----BEGIN ")) continue;
    pem.remove_prefix(frame.end.size());
    return frame.end;
  }
  const auto end = std::min(pem.find_first_of("\r\n"), pem.size());
  auto line = pem.substr(0, end);
  pem.remove_prefix(std::min(end + 1, pem.size()));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

std::string common_name_in(const X509_NAME* entity) {
  const int place = X509_NAME_get_index_by_NID(entity, NID_commonName, -1);
  if (place < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(entity, place)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

}  // namespace

Certificate Certificate::from_der(std::string_view der) {
  const auto* start = octets(der);
  std::shared_ptr<X509> certificate(d2i_X509(nullptr, &start, static_cast<long>(der.size())), X509_free);
  if (!certificate) {
    throw Refused("certificate:unreadable", "this is no X.509 certificate: " + take_openssl_error());
  }
  if (start != octets(der) + der.size()) {
    throw Refused("certificate:unreadable", "there is more than one certificate where one is expected");
  }
  return Certificate(std::move(certificate));
}

std::string Certificate::public_key_digest() const {
  const auto* key = X509_get_X509_PUBKEY(certificate_.get());
  return hex(sha256(der_of(i2d_X509_PUBKEY, static_cast<const X509_PUBKEY*>(key))));
}

std::string Certificate::to_der() const {
  return der_of(i2d_X509, static_cast<const X509*>(certificate_.get()));
}

std::string Certificate::to_pem() const {
  const OwnedBio bio(need(BIO_new(BIO_s_mem()), "write a certificate"));
  need(PEM_write_bio_X509(bio.get(), certificate_.get()), "write a certificate");
  return std::string(written(bio.get()));
}

Time Certificate::not_before() const {
  return time_of(X509_get0_notBefore(certificate_.get()));
}

Time Certificate::not_after() const {
  return time_of(X509_get0_notAfter(certificate_.get()));
}

std::vector<std::string> Certificate::dns_names() const {
  std::vector<std::string> result;
  const OwnedNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate_.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS) continue;
    std::string name(view(static_cast<const ASN1_STRING*>(value)));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    result.push_back(std::move(name));
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string Certificate::common_name() const {
  return common_name_in(X509_get_subject_name(certificate_.get()));
}

std::string Certificate::issuer_common_name() const {
  return common_name_in(X509_get_issuer_name(certificate_.get()));
}

std::string Certificate::fingerprint() const {
  return hex(sha256(to_der()));
}

std::string Certificate::serial() const {
  return hex(serial_octets(certificate_.get()));
}

bool Certificate::has_key(const PrivateKey& key) const {
  const auto* own = X509_get0_pubkey(certificate_.get());
  const bool same = own != nullptr && EVP_PKEY_eq(own, key.native_public()) == 1;
  if (!same) take_openssl_error();
  return same;
}

bool Certificate::is_certified_by(const Certificate& issuer) const {
  if (X509_NAME_cmp(X509_get_issuer_name(certificate_.get()), X509_get_subject_name(issuer.native())) != 0)
    return false;
  auto* key = X509_get0_pubkey(issuer.native());
  const bool certified = key != nullptr && X509_verify(certificate_.get(), key) == 1;
  if (!certified) take_openssl_error();
  return certified;
}

bool Certificate::is_ca() const {
  return (X509_get_extension_flags(certificate_.get()) & EXFLAG_CA) != 0;
}

bool Certificate::is_for_servers() const {
  // All bits are set when there is no such extension.
  return (X509_get_extended_key_usage(certificate_.get()) & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
}

std::vector<std::string> Certificate::revocation_list_urls() const {
  std::vector<std::string> urls;
  const Owned<CRL_DIST_POINTS, CRL_DIST_POINTS_free> points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate_.get(), NID_crl_distribution_points, nullptr, nullptr)));
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const auto* point = sk_DIST_POINT_value(points.get(), i);
    // One with an issuer of its own is an indirect list, one for some reasons does not tell all.
    if (point->distpoint == nullptr || point->distpoint->type != 0 || point->CRLissuer != nullptr ||
        point->reasons != nullptr) {
      continue;
    }
    const auto* names = point->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) {
      int type = 0;
      const auto* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, j), &type);
      if (type != GEN_URI) continue;
      const auto url = view(static_cast<const ASN1_STRING*>(value));
      if (url.starts_with("http://") || url.starts_with("https://")) urls.emplace_back(url);
    }
  }
  return urls;
}

bool operator==(const Certificate& one, const Certificate& other) {
  return X509_cmp(one.native(), other.native()) == 0;
}

std::optional<std::string> Certificate::renewal_id() const {
  const auto* authority = X509_get0_authority_key_id(certificate_.get());
  if (authority == nullptr) return std::nullopt;
  return base64url(view(authority)) + '.' + base64url(serial_octets(certificate_.get()));
}

std::vector<Certificate> parse_chain(std::string_view pem) {
  // OpenSSL's reader skips what it does not know; here every line with dashes must be one that we know.
  std::vector<Certificate> chain;
  std::string body;
  const Frame* inside = nullptr;
  if (pem.starts_with(byte_order_mark)) pem.remove_prefix(byte_order_mark.size());
  while (!pem.empty()) {
    const auto line = take_line(pem);
    const auto* opened = std::ranges::find(frames, line, &Frame::begin);
    if (opened != frames.end() && inside == nullptr) {
      inside = opened;
      body.clear();
    } else if (inside != nullptr && line == inside->end) {
      inside = nullptr;
      const auto der = from_base64(body);
      if (!der) throw Refused("certificate:unreadable", "a certificate in the chain is not in base64");
      chain.push_back(Certificate::from_der(*der));
    } else if (line.find("-----") != line.npos) {
      throw Refused("certificate:unexpected-block", "the certificate chain holds something that is no certificate");
    } else if (inside != nullptr) {
      body.append(line);
    }
  }
  if (inside != nullptr) throw Refused("certificate:unreadable", "the last certificate of the chain is cut off");
  if (chain.empty()) throw Refused("certificate:empty", "there is no certificate in PEM");
  return chain;
}

void add_trust(void* ssl_ctx, const std::vector<Certificate>& certificates) {
  auto* store = SSL_CTX_get_cert_store(static_cast<SSL_CTX*>(ssl_ctx));
  for (const auto& certificate : certificates) need(X509_STORE_add_cert(store, certificate.native()), "add trust");
}

}  // namespace acmed::crypto
