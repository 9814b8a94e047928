// SPDX-License-Identifier: Apache-2.0
#include "base/http/multi.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <new>

namespace acmed::http {
namespace {

/// For servers without HTTP/2: so many requests run side by side, the others wait for a connection.
constexpr long most_connections_per_host = 16;
/// More of them would be memory that lies idle; a new one costs some microseconds.
constexpr std::size_t most_idle_handles = 8;
constexpr long upload_buffer = 16L * 1024;
constexpr std::uint64_t timer_accuracy_us = 1000;
constexpr const char* hashed_certificates = "/etc/ssl/certs";

void start_curl_once() {
  static const CURLcode started = [] {
    // CURLOPT_NOSIGNAL leaves SIGPIPE to us: a server that closes while we write must not end the daemon.
    struct sigaction before {};
    if (sigaction(SIGPIPE, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_ALL);
  }();
  if (started != CURLE_OK) throw std::bad_alloc();
}

/// The folder of the system's roots, by hash, when there is one: OpenSSL then reads the one that it needs instead of
/// all of them for each connection. Otherwise null: curl's own bundle.
const char* find_trust_folder() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(hashed_certificates, error)) {
    if (entry.path().extension() == ".0") return hashed_certificates;
  }
  return nullptr;
}

std::uint64_t now_us(sd_event* event) {
  std::uint64_t now = 0;
  check_event(sd_event_now(event, CLOCK_MONOTONIC, &now), "sd_event_now");
  return now;
}

}  // namespace

Multi::Multi(Settings settings) : settings_(std::move(settings)), trust_folder_(find_trust_folder()) {
  start_curl_once();
  if (!settings_.extra_trust_pem.empty()) extra_trust_ = crypto::parse_chain(settings_.extra_trust_pem);
}

Multi::~Multi() {
  while (!under_way_.empty()) drop(*under_way_.begin()->first);
  rest();
}

void Multi::rest() noexcept {
  if (!under_way_.empty()) return;
  idle_.clear();
  multi_.reset();
  idle_.shrink_to_fit();
  sockets_.clear();
}

/// The event sources belong to the thread that calls this.
void Multi::add_timers() {
  sd_event_source* source = nullptr;
  const auto on_time = [](sd_event_source*, std::uint64_t, void* self) noexcept {
    static_cast<Multi*>(self)->act(CURL_SOCKET_TIMEOUT, 0);
    return 0;
  };
  // curl measures on the host's clock, so its timer is the host's too, also on a test's loop.
  check_event(sd_event_add_time(loop_->event(), &source, CLOCK_MONOTONIC, UINT64_MAX, timer_accuracy_us, on_time, this),
              "sd_event_add_time");
  timer_.reset(source);
  const auto on_turn = [](sd_event_source*, void* self) noexcept {
    static_cast<Multi*>(self)->act(CURL_SOCKET_TIMEOUT, 0);
    return 0;
  };
  check_event(sd_event_add_defer(loop_->event(), &source, on_turn, this), "sd_event_add_defer");
  at_once_.reset(source);
  check_event(sd_event_source_set_enabled(source, SD_EVENT_OFF), "sd_event_source_set_enabled");
}

void Multi::open() {
  if (multi_) return;
  if (!timer_) add_timers();
  multi_.reset(curl_multi_init());
  if (!multi_) throw std::bad_alloc();
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, most_connections_per_host);
}

Easy Multi::take_easy() {
  Easy easy;
  if (idle_.empty()) {
    easy.reset(curl_easy_init());
    if (!easy) throw std::bad_alloc();
  } else {
    easy = std::move(idle_.back());
    idle_.pop_back();
  }
  prepare(easy.get());
  return easy;
}

/// What is the same for all requests of this client.
void Multi::prepare(CURL* easy) const {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // dropping a request must not wait for the resolver's thread
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, settings_.allow_plain_http ? "https,http" : "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);  // wait for the connection that others are opening, and share it
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  const auto connect_limit = std::chrono::ceil<std::chrono::milliseconds>(settings_.connect_limit).count();
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::max<decltype(connect_limit)>(connect_limit, 1)));
  if (!settings_.unix_socket.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, settings_.unix_socket.c_str());
  if (!settings_.by_proxy) curl_easy_setopt(easy, CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's headers are not the answer's
  curl_easy_setopt(easy, CURLOPT_USERAGENT, settings_.user_agent.c_str());

  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (trust_folder_ != nullptr) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
    curl_easy_setopt(easy, CURLOPT_CAPATH, trust_folder_);
  }
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
}

void Multi::begin(Loop& loop, std::shared_ptr<Transfer> transfer) noexcept {
  loop_ = &loop;
  try {
    set_up(*transfer);
    under_way_.emplace(transfer.get(), transfer);
  } catch (...) {
    transfer->exchange.fail(std::current_exception());
    transfer->easy.reset();
    transfer->on_end();
  }
}

void Multi::set_up(Transfer& transfer) {
  open();
  transfer.easy = take_easy();
  transfer.exchange.set_up(transfer.easy.get(), settings_, allowance_);
  curl_easy_setopt(transfer.easy.get(), CURLOPT_PRIVATE, &transfer);
  if (curl_multi_add_handle(multi_.get(), transfer.easy.get()) != CURLM_OK) throw std::bad_alloc();
}

void Multi::drop(Transfer& transfer) noexcept {
  const auto held = under_way_.extract(&transfer);
  if (held.empty()) return;
  curl_multi_remove_handle(multi_.get(), transfer.easy.get());
  curl_easy_reset(transfer.easy.get());  // it forgets the exchange, but keeps TLS sessions
  if (idle_.size() < most_idle_handles) {
    idle_.push_back(std::move(transfer.easy));
  } else {
    transfer.easy.reset();
  }
}

void Multi::act(curl_socket_t socket, int events) noexcept {
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, events, &running);
  finish_ended();
}

void Multi::finish_ended() noexcept {
  int left = 0;
  const bool flooded = allowance_.exceeded();
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message ends with its handle's removal
    char* of_handle = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of_handle);
    const auto transfer = under_way_.at(reinterpret_cast<Transfer*>(of_handle));
    transfer->exchange.finish(transfer->easy.get(), code, flooded);
    allowance_.received = 0;
    drop(*transfer);
    transfer->on_end();
  }
}

int Multi::on_socket(CURL*, curl_socket_t socket, int what, void* multi, void*) noexcept {
  static_cast<Multi*>(multi)->watch(socket, what);
  return 0;
}

void Multi::watch(curl_socket_t socket, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets_.erase(socket);
    return;
  }
  std::uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  auto& source = sockets_[socket];
  if (source) {
    check_event(sd_event_source_set_io_events(source.get(), events), "sd_event_source_set_io_events");
    return;
  }
  const auto on_ready = [](sd_event_source*, int fd, std::uint32_t ready, void* self) noexcept {
    int happened = 0;
    if ((ready & (EPOLLIN | EPOLLHUP)) != 0) happened |= CURL_CSELECT_IN;
    if ((ready & EPOLLOUT) != 0) happened |= CURL_CSELECT_OUT;
    if ((ready & EPOLLERR) != 0) happened |= CURL_CSELECT_ERR;
    static_cast<Multi*>(self)->act(fd, happened);
    return 0;
  };
  sd_event_source* raw = nullptr;
  check_event(sd_event_add_io(loop_->event(), &raw, socket, events, on_ready, this), "sd_event_add_io");
  source.reset(raw);
}

int Multi::on_timer(CURLM*, long milliseconds, void* multi) noexcept {
  static_cast<Multi*>(multi)->set_timer(milliseconds);
  return 0;
}

void Multi::set_timer(long milliseconds) {
  const bool later = milliseconds > 0;
  if (later) {
    const auto time = now_us(loop_->event()) + static_cast<std::uint64_t>(milliseconds) * 1000;
    check_event(sd_event_source_set_time(timer_.get(), time), "sd_event_source_set_time");
  }
  check_event(sd_event_source_set_enabled(timer_.get(), later ? SD_EVENT_ONESHOT : SD_EVENT_OFF),
              "sd_event_source_set_enabled");
  // No system call, as a timer for now would be.
  check_event(sd_event_source_set_enabled(at_once_.get(), milliseconds == 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF),
              "sd_event_source_set_enabled");
}

CURLcode Multi::on_tls(CURL*, void* ssl_ctx, void* multi) noexcept {
  try {
    auto& self = *static_cast<Multi*>(multi);
    crypto::limit_received(ssl_ctx, self.allowance_);
    crypto::add_trust(ssl_ctx, self.extra_trust_);
    return CURLE_OK;
  } catch (const std::exception&) {
    return CURLE_SSL_CACERT_BADFILE;
  }
}

}  // namespace acmed::http
