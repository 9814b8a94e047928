// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/runtime/scope.h"
#include "daemon/acme/client.h"
#include "tests/unit/acme/fake_ca.h"

namespace acmed::test {

/// A client with an account, and its CA. Sleeps take no time.
struct Bench {
  explicit Bench(crypto::KeyType type = crypto::KeyType::ecdsa_p256) : key(crypto::PrivateKey::generate(type)) {}

  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22))};
  Loop loop{clock};
  FakeCa ca;
  http::Client http{loop, {.user_agent = "acmed-test", .extra_trust_pem = {}, .allow_plain_http = true}};
  crypto::PrivateKey key;
  acme::Client client{http, clock, crypto::software_keys(), key, {ca.directory_url()}, std::nullopt};

  template <class T>
  T run(Task<T> task, std::stop_token stop = {}) {
    return acmed::run(loop, std::move(task), std::move(stop));
  }
  void register_account(acme::NewAccount wish = {}) { run(client.register_account(std::move(wish))); }
};

/// The error that `task` throws.
template <class E, class T>
E failure_of(Loop& loop, Task<T> task) {
  try {
    acmed::run(loop, std::move(task));
  } catch (const E& error) {
    return error;
  }
  throw std::logic_error("there was no failure");
}

}  // namespace acmed::test
