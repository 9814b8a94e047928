// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/base/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

namespace acmed::test {
namespace {

void must(bool done) {
  if (!done) throw std::runtime_error("cannot start a test's server");
}

std::shared_ptr<SSL_CTX> tls_context(const std::string& certificate_pem, const Secret& key_pem) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const auto bio_of = [](const std::string& text) {
    return std::unique_ptr<BIO, decltype(&BIO_free)>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                     BIO_free);
  };
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio_of(certificate_pem).get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio_of(key_pem.reveal()).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  must(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
  must(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  return context;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned int,
                    void* of_server) {
  const auto& protocol = *static_cast<const std::string*>(of_server);
  *chosen = reinterpret_cast<const unsigned char*>(protocol.data());
  *size = static_cast<unsigned char>(protocol.size());
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

FakeServer::FakeServer(Script script) : script_(std::move(script)) {
  listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  must(::listen(listener_.get(), 64) == 0);
  must(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

FakeServer::FakeServer(Script script, const std::string& certificate_pem, const Secret& key_pem, std::string protocol)
    : FakeServer(std::move(script)) {
  // Nobody knows the port before this returns: no connection comes earlier.
  protocol_ = std::move(protocol);
  tls_ = tls_context(certificate_pem, key_pem);
  SSL_CTX_set_alpn_select_cb(tls_.get(), choose_protocol, &protocol_);
}

FakeServer::~FakeServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  for (const auto& connection : open_) ::shutdown(connection->fd_.get(), SHUT_RDWR);
  for (auto& thread : threads_) thread.join();
}

std::string FakeServer::url(const std::string& path) const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + path;
}

void FakeServer::accept_all() {
  for (;;) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    // An answer after a handshake would otherwise wait for the client's acknowledgement, some 40 ms.
    const int yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ++connections_;
    const std::lock_guard guard(lock_);
    auto& connection = *open_.emplace_back(std::make_unique<Connection>(std::move(fd)));
    threads_.emplace_back([this, &connection] { serve(connection); });
  }
}

void FakeServer::serve(Connection& connection) {
  bool connected = true;
  if (tls_) {
    connection.tls_ = std::shared_ptr<SSL>(SSL_new(tls_.get()), SSL_free);
    SSL_set_fd(connection.tls_.get(), connection.fd_.get());
    connected = SSL_accept(connection.tls_.get()) == 1;
  }
  if (connected) script_(connection);
  ::shutdown(connection.fd_.get(), SHUT_RDWR);
}

std::size_t FakeServer::Connection::read_some(char* to, std::size_t count) {
  const auto got = tls_ ? SSL_read(tls_.get(), to, static_cast<int>(count)) : ::recv(fd_.get(), to, count, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string FakeServer::Connection::read_request() {
  std::size_t needed = std::string::npos;
  std::array<char, 4096> block;
  for (;;) {
    const auto end = buffered_.find("\r\n\r\n");
    if (end != std::string::npos) {
      needed = end + 4;
      const auto length = buffered_.find("Content-Length: ");
      if (length < end) needed += std::stoul(buffered_.substr(length + 16));
      if (buffered_.size() >= needed) break;
    }
    const auto got = read_some(block.data(), block.size());
    if (got == 0) return {};
    buffered_.append(block.data(), got);
  }
  auto request = buffered_.substr(0, needed);
  buffered_.erase(0, needed);
  return request;
}

std::string FakeServer::Connection::read_next() {
  std::array<char, 4096> block;
  return {block.data(), read_some(block.data(), block.size())};
}

bool FakeServer::Connection::write(const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto* start = bytes.data() + done;
    const auto left = bytes.size() - done;
    const auto sent =
        tls_ ? SSL_write(tls_.get(), start, static_cast<int>(left)) : ::send(fd_.get(), start, left, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

void FakeServer::Connection::read_until_closed() {
  std::array<char, 4096> block;
  while (read_some(block.data(), block.size()) > 0) {
  }
}

std::string answer(const std::string& status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace acmed::test
