// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/secret.h"

struct ssl_st;
struct ssl_ctx_st;

namespace acmed::test {

/// A server on 127.0.0.1 that does what a test wants, also what no real server would: each connection runs the test's
/// script on a thread of its own.
class FakeServer {
 public:
  class Connection {
   public:
    explicit Connection(Fd fd) : fd_(std::move(fd)) {}

    /// One request with its body; empty when the client has gone.
    std::string read_request();
    /// What the client sends next, as it comes; empty when it has gone.
    std::string read_next();
    /// False when the client has gone.
    bool write(const std::string& bytes);
    /// Waits until the client closes.
    void read_until_closed();

   private:
    friend class FakeServer;
    std::size_t read_some(char* to, std::size_t count);

    Fd fd_;
    std::shared_ptr<ssl_st> tls_;
    std::string buffered_;
  };
  using Script = std::function<void(Connection&)>;

  /// HTTP.
  explicit FakeServer(Script script);
  /// HTTPS, with `protocol` for those who ask by ALPN ("h2" for HTTP/2, whose frames the script has to make).
  FakeServer(Script script, const std::string& certificate_pem, const Secret& key_pem,
             std::string protocol = "http/1.1");
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::string url(const std::string& path = "/") const;
  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(Connection& connection);

  Script script_;
  std::string protocol_;
  std::shared_ptr<ssl_ctx_st> tls_;
  Fd listener_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex lock_;
  std::vector<std::unique_ptr<Connection>> open_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

/// An answer with a body and its length.
std::string answer(const std::string& status, const std::string& headers, const std::string& body);

}  // namespace acmed::test
