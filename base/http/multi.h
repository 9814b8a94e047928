// SPDX-License-Identifier: Apache-2.0
// Private to base/http: curl's multi handle on the event loop.
#pragma once

#include <curl/curl.h>

#include <map>
#include <memory>
#include <vector>

#include "base/crypto/tls.h"
#include "base/crypto/x509.h"
#include "base/http/exchange.h"
#include "base/runtime/loop.h"
#include "base/runtime/wait.h"

namespace acmed::http {

/// Drives libcurl from the event loop: its sockets and its single timer are event sources. curl's callbacks only record
/// what curl wants; finished transfers are collected after curl has returned.
class Client::Multi {
 public:
  Multi(Loop& loop, Settings settings);
  ~Multi();
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  /// Completes when `exchange` has ended; Exchange::take() gives the outcome. Cancelling drops the exchange.
  class Perform final : public Wait {
   public:
    Perform(Multi& multi, Exchange& exchange) : multi_(multi), exchange_(exchange) {}
    void await_resume() const { throw_if_cancelled(); }

   private:
    friend class Multi;
    bool start(Loop& loop) override;
    void abandon() noexcept override;

    Multi& multi_;
    Exchange& exchange_;
    Easy easy_;
  };

  /// Closes and frees everything; the next exchange starts afresh.
  void rest() noexcept;

  bool busy() const noexcept { return under_way_ > 0; }

 private:
  struct CleanUpMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };

  void open();
  Easy take_easy();
  void prepare(CURL* easy) const;
  void drop(Perform& performed) noexcept;
  void act(curl_socket_t socket, int events) noexcept;
  void finish_ended() noexcept;
  void watch(curl_socket_t socket, int what);
  void set_timer(long milliseconds);

  static int on_socket(CURL*, curl_socket_t socket, int what, void* multi, void*) noexcept;
  static int on_timer(CURLM*, long milliseconds, void* multi) noexcept;
  static CURLcode on_tls(CURL*, void* ssl_ctx, void* multi) noexcept;

  /// How much may arrive in one turn of the loop. curl 7.88 keeps reading HTTP/2 frames that belong to no response for
  /// as long as they arrive, and returns neither for a time limit nor to the loop.
  static constexpr std::size_t most_received_at_once = std::size_t{4} * 1024 * 1024;

  Loop& loop_;
  Settings settings_;
  std::vector<crypto::Certificate> extra_trust_;
  const char* trust_folder_;
  std::size_t under_way_ = 0;

  // curl calls back while it is destroyed: whatever its callbacks touch is declared before it.
  crypto::Allowance allowance_{most_received_at_once};
  std::map<curl_socket_t, EventSource> sockets_;
  EventSource timer_;
  EventSource at_once_;
  std::unique_ptr<CURLM, CleanUpMulti> multi_;
  std::vector<Easy> idle_;
};

}  // namespace acmed::http
