// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/crypto/revocation_list.h"
#include "base/http/client.h"
#include "base/runtime/event.h"
#include "base/runtime/loop.h"
#include "base/runtime/single_flight.h"

namespace acmed::issue {

/// The lists of revoked certificates that CAs publish (RFC 5280 §5): each is fetched once a day for all certificates
/// that name it, and what is kept of them is bounded. They come by plain HTTP, as their URLs say: the CA's signature is
/// what makes them true.
class RevocationLists {
 public:
  explicit RevocationLists(Loop& loop);

  struct Found {
    std::optional<crypto::RevocationList::Entry> entry;  ///< nothing: it is not revoked
    Time read{};                                         ///< when the list was fetched
  };
  /// What the list at `url`, signed by `issuer`, says of `certificate`. Throws Error when it cannot be had, or was not
  /// to be had within the last hour.
  Task<Found> find(std::string url, crypto::Certificate certificate, crypto::Certificate issuer);

  /// Closes connections; call only when nothing is in flight.
  void rest() { http_.rest(); }

 private:
  struct List {
    Moment read_at{};
    Time read{};
    std::shared_ptr<const crypto::RevocationList> list;  ///< null: `failure` says why
    std::exception_ptr failure;
    std::shared_ptr<SingleFlight<>> request = std::make_shared<SingleFlight<>>();
  };
  bool is_fresh(const List& list) const;
  Task<> request(std::string key, std::string url, crypto::Certificate issuer);
  void forget_some();

  Loop& loop_;
  http::Client http_;
  std::map<std::string, List> lists_;  ///< by URL and issuer
  Semaphore places_{2};
};

}  // namespace acmed::issue
