// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/revocation_list.h"

#include <openssl/pem.h>
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

using OwnedList = Owned<X509_CRL, X509_CRL_free>;

/// RFC 5280 §5.3.1, by number.
constexpr std::array<std::string_view, 11> reasons = {
    "unspecified",     "keyCompromise", "cACompromise",  "affiliationChanged", "superseded",  "cessationOfOperation",
    "certificateHold", "unspecified",   "removeFromCRL", "privilegeWithdrawn", "aACompromise"};

[[noreturn]] void refuse(const std::string& why) {
  throw Refused("certificate:revocation-list", "the revocation list cannot be used: " + why);
}

std::uint64_t number_of(std::string_view serial_in_hex) {
  const auto digest = sha256(serial_in_hex);
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(digest[static_cast<std::size_t>(i)]);
  return number;
}

/// As Certificate::serial() gives it, but for leading zeros.
std::string serial_of(const ASN1_INTEGER* serial) {
  const Owned<BIGNUM, BN_free> number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (!number) refuse("a serial number is unreadable: " + take_openssl_error());
  std::string octets_of(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), octets(octets_of));
  return hex(octets_of);
}

std::string without_leading_zeros(std::string serial_in_hex) {
  while (serial_in_hex.starts_with("00")) serial_in_hex.erase(0, 2);
  return serial_in_hex;
}

std::uint32_t seconds_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    take_openssl_error();
    return 0;
  }
  const auto date = std::chrono::sys_days(std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday);
  const auto seconds = std::chrono::sys_seconds(date).time_since_epoch().count() + parts.tm_hour * 3600 +
                       parts.tm_min * 60 + parts.tm_sec;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, UINT32_MAX));
}

/// Nothing when the entry is of another issuer, or takes a revocation back.
std::optional<std::uint32_t> reason_of(const X509_REVOKED* entry) {
  if (X509_REVOKED_get_ext_by_NID(entry, NID_certificate_issuer, -1) >= 0) return std::nullopt;
  const Owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> given(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  const long reason = given ? ASN1_ENUMERATED_get(given.get()) : CRL_REASON_UNSPECIFIED;
  if (reason == CRL_REASON_REMOVE_FROM_CRL) return std::nullopt;
  return reason >= 0 && reason < static_cast<long>(reasons.size()) ? static_cast<std::uint32_t>(reason) : 0U;
}

OwnedList parse(std::string_view text) {
  if (text.find("-----BEGIN X509 CRL-----") != text.npos) {
    const OwnedBio bio(need(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "read a revocation list"));
    return OwnedList(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  }
  const auto* start = octets(text);
  return OwnedList(d2i_X509_CRL(nullptr, &start, static_cast<long>(text.size())));
}

bool is_indirect(const X509_CRL* list) {
  const Owned<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free> scope(
      static_cast<ISSUING_DIST_POINT*>(X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, nullptr, nullptr)));
  return scope && scope->indirectCRL > 0;
}

}  // namespace

RevocationList RevocationList::read(std::string_view text, const Certificate& issuer) {
  const auto list = parse(text);
  if (!list) refuse("this is none: " + take_openssl_error());
  if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(issuer.native())) != 0) {
    refuse("another CA has issued it");
  }
  auto* key = X509_get0_pubkey(issuer.native());
  if (key == nullptr || X509_CRL_verify(list.get(), key) != 1) {
    refuse("the CA has not signed it: " + take_openssl_error());
  }
  if (is_indirect(list.get())) refuse("it tells of several CAs' certificates");
  RevocationList result;
  auto* entries = X509_CRL_get_REVOKED(list.get());
  result.compact_.reserve(static_cast<std::size_t>(std::max(sk_X509_REVOKED_num(entries), 0)));
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const auto* entry = sk_X509_REVOKED_value(entries, i);
    const auto reason = reason_of(entry);
    if (!reason) continue;
    result.compact_.push_back({number_of(serial_of(X509_REVOKED_get0_serialNumber(entry))),
                               seconds_of(X509_REVOKED_get0_revocationDate(entry)), *reason});
  }
  std::ranges::sort(result.compact_, {}, &Compact::serial);
  return result;
}

std::optional<RevocationList::Entry> RevocationList::find(const Certificate& certificate) const {
  const auto serial = number_of(without_leading_zeros(certificate.serial()));
  const auto found = std::ranges::lower_bound(compact_, serial, {}, &Compact::serial);
  if (found == compact_.end() || found->serial != serial) return std::nullopt;
  return Entry{to_time(std::chrono::sys_seconds(std::chrono::seconds(found->revoked))),
               std::string(reasons[found->reason])};
}

}  // namespace acmed::crypto
