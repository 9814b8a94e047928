// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/keys.h"

#include "base/crypto/held_key.h"
#include "base/crypto/request.h"
#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/runtime/offload.h"

namespace acmed::crypto {
namespace {

/// An RSA signature takes milliseconds, one by ECDSA some ten microseconds: less than the way to a thread and back.
bool is_slow(KeyType type) {
  return type == KeyType::rsa_2048 || type == KeyType::rsa_3072 || type == KeyType::rsa_4096;
}

}  // namespace

Task<std::string> Keys::csr_saying(PrivateKey key, RequestContent content) {
  co_return co_await offload([key = std::move(key), said = std::move(content)] { return make_csr(key, said); });
}

Task<PrivateKey> SoftwareKeys::generate(KeyType type) {
  const auto here = co_await context();
  co_return co_await offload([type, stop = here.stop] {
    // RSA takes seconds: what is cancelled while it waits for a thread is not begun.
    if (stop.stop_requested()) throw Cancelled();
    return PrivateKey::generate(type);
  });
}

Task<PrivateKey> SoftwareKeys::held(TokenKey where) {
  auto pin = co_await where.pin.current();
  co_return co_await offload([where = std::move(where), pin = std::move(pin)] { return find_held_key(where, pin); });
}

Task<std::string> SoftwareKeys::sign(PrivateKey key, std::string bytes) {
  if (!is_slow(key.type()) && !key.is_in_token()) co_return key.sign(bytes);
  co_return co_await offload([key = std::move(key), bytes = std::move(bytes)] { return key.sign(bytes); });
}

Task<std::string> SoftwareKeys::csr(PrivateKey key, std::vector<std::string> dns_names, std::string common_name) {
  co_return co_await offload([key = std::move(key), names = std::move(dns_names), subject = std::move(common_name)] {
    return make_csr(key, names, subject);
  });
}

Keys& software_keys() {
  static SoftwareKeys keys;
  return keys;
}

}  // namespace acmed::crypto
