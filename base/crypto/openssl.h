// SPDX-License-Identifier: Apache-2.0
// Private to base/crypto: owners for OpenSSL's objects, its errors as ours, and its algorithms fetched once.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/crypto/digest.h"

namespace acmed::crypto {

/// A std::unique_ptr that ends with `free_object`.
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

/// What OpenSSL last complained about in this thread, in its words; its list of complaints is empty afterwards.
std::string take_openssl_error();

/// Throws Retry: "cannot DOING: OpenSSL's words". For what fails only when memory or randomness is short.
[[noreturn]] void fail(const std::string& doing);

/// `pointer` when it is one; otherwise fails.
template <class T>
T* need(T* pointer, const char* doing) {
  if (pointer == nullptr) fail(doing);
  return pointer;
}

/// Fails unless `result` is OpenSSL's 1 for success.
inline void need(int result, const char* doing) {
  if (result != 1) fail(doing);
}

/// The algorithm, fetched at its first use: a fetch costs more than the digest of a short text. OpenSSL owns it.
const EVP_MD* message_digest(Digest digest);

const unsigned char* octets(std::string_view bytes);
unsigned char* octets(std::string& bytes);

/// What was written to a memory BIO.
std::string_view written(BIO* bio);

}  // namespace acmed::crypto
