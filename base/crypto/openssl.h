// SPDX-License-Identifier: Apache-2.0
// Private to base/crypto: owners for OpenSSL's objects, its errors translated to ours, its algorithms fetched once.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/crypto/digest.h"

namespace acmed::crypto {

/// A std::unique_ptr that calls `free_object`.
template <auto free_object>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    free_object(object);
  }
};
template <class T, auto free_object>
using Owned = std::unique_ptr<T, FreeWith<free_object>>;

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedNumber = Owned<BIGNUM, BN_clear_free>;

/// OpenSSL's last error in this thread, in its words. Empties the thread's error queue.
std::string take_openssl_error();

/// What is in OpenSSL's error queue of a thread.
struct Complaint {
  std::set<std::string> reasons;  ///< in OpenSSL's words
  std::string details;            ///< what a provider says besides, one a line
  std::string text;               ///< the first of them, for a sentence; never empty

  /// Whether a reason contains `words`.
  bool has(std::string_view words) const;
};

/// Takes all of it; the queue is empty then.
Complaint take_complaint();

/// Throws Retry: "cannot DOING: OpenSSL's words". For operations that fail only when memory or randomness runs short.
[[noreturn]] void fail(const std::string& doing);

/// `pointer` unless it is null; then fails.
template <class T>
T* need(T* pointer, const char* doing) {
  if (pointer == nullptr) fail(doing);
  return pointer;
}

/// Fails unless `result` is 1, OpenSSL's success.
inline void need(int result, const char* doing) {
  if (result != 1) fail(doing);
}

/// The algorithm, fetched on first use: fetching costs more than digesting a short text. Owned by OpenSSL.
const EVP_MD* message_digest(Digest digest);

/// The curve of an ECDSA key that names it, as OpenSSL numbers it; NID_undef for other keys.
int curve_of(const EVP_PKEY* key);

const unsigned char* octets(std::string_view bytes);
unsigned char* octets(std::string& bytes);

/// What an i2d function of OpenSSL writes of `object`.
template <class T>
std::string der_of(int (*encode)(const T*, unsigned char**), const T* object) {
  const int size = encode(object, nullptr);
  if (size <= 0) fail("write DER");
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* out = octets(der);
  encode(object, &out);
  return der;
}

/// The bytes written to a memory BIO.
std::string_view written(BIO* bio);

}  // namespace acmed::crypto
