// SPDX-License-Identifier: Apache-2.0
// Private to base/http: curl's multi handle on the network thread's event loop.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/crypto/tls.h"
#include "base/crypto/x509.h"
#include "base/http/exchange.h"
#include "base/runtime/loop.h"

namespace acmed::http {

/// An exchange that curl carries out.
struct Transfer {
  explicit Transfer(Request request) : exchange(std::move(request)) {}

  Exchange exchange;
  Easy easy;                     ///< while it is under way
  std::function<void()> on_end;  ///< called once, unless it is dropped before
};

/// Drives libcurl from an event loop: its sockets and its single timer are event sources. curl's callbacks only record
/// what curl wants; finished transfers are collected after curl has returned. All but its making is done on the loop's
/// thread.
class Multi {
 public:
  /// On any thread. Throws Refused when a certificate to be trusted cannot be read.
  explicit Multi(Settings settings);
  ~Multi();
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  /// Begins the transfer on the thread's `loop`, the same each time; when it cannot begin, it ends at once.
  void begin(Loop& loop, std::shared_ptr<Transfer> transfer) noexcept;

  /// Ends the transfer without a word, if it has not ended.
  void drop(Transfer& transfer) noexcept;

  /// Closes and frees everything if no transfer is under way; the next one starts afresh.
  void rest() noexcept;

 private:
  struct CleanUpMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };

  void open();
  void add_timers();
  Easy take_easy();
  void prepare(CURL* easy) const;
  void set_up(Transfer& transfer);
  void act(curl_socket_t socket, int events) noexcept;
  void finish_ended() noexcept;
  void watch(curl_socket_t socket, int what);
  void set_timer(long milliseconds);

  static int on_socket(CURL*, curl_socket_t socket, int what, void* multi, void*) noexcept;
  static int on_timer(CURLM*, long milliseconds, void* multi) noexcept;
  static CURLcode on_tls(CURL*, void* ssl_ctx, void* multi) noexcept;

  /// How much may arrive before a part of a response does. curl reads HTTP/2 frames that belong to no response until
  /// the time is up; version 7.88 for as long as they arrive, returning neither for a time limit nor to the loop.
  static constexpr std::size_t most_received_in_vain = std::size_t{4} * 1024 * 1024;

  Loop* loop_ = nullptr;
  Settings settings_;
  std::vector<crypto::Certificate> extra_trust_;
  const char* trust_folder_;
  std::map<Transfer*, std::shared_ptr<Transfer>> under_way_;

  // curl calls back while it is destroyed: whatever its callbacks touch is declared before it.
  crypto::Allowance allowance_{most_received_in_vain};
  std::map<curl_socket_t, EventSource> sockets_;
  EventSource timer_;
  EventSource at_once_;
  std::unique_ptr<CURLM, CleanUpMulti> multi_;
  std::vector<Easy> idle_;
};

}  // namespace acmed::http
