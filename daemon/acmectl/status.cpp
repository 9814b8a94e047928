// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "base/secret_list.h"
#include "config/config.h"
#include "config/suggest.h"
#include "daemon/acmectl/render.h"
#include "daemon/acmectl/verbs.h"
#include "daemon/acmectl/without_daemon.h"

namespace acmed::acmectl {
namespace {

using namespace std::chrono_literals;

/// Between two looks at what events tell of, and the part of the time that looks may take of a daemon with very many
/// certificates.
constexpr Duration between_looks = 300ms;
constexpr Duration longest_between_looks = 10s;
constexpr int part_of_looks = 5;
constexpr Duration between_connections = 2s;
constexpr std::size_t longest_name = 256;

struct Seen {
  json::Array certificates;
  json::Value status;
  std::string remark;  ///< why this is not the daemon's word
};

/// GET answers a list, or an object that holds it.
json::Array certificates_in(const json::Value& answer) {
  return answer.as_array() != nullptr ? *answer.as_array() : answer["certificates"].elements();
}

/// What is on disk, where nobody can be asked for the reason `fault`, which is what has to be mended where that is no
/// help either.
json::Array certificates_instead(const Session* session, const std::string& fault) {
  std::string unread;
  try {
    return certificates_on_disk(session->config_file, session->loop.clock().now());
  } catch (const config::Faults& faults) {
    unread = faults.what();
  } catch (const Error& error) {
    unread = error.what();
  }
  throw Retry(no_daemon, fmt::format("{}. Without it the configuration is looked at: {}", fault, unread));
}

Task<Seen> look(Session* session) {
  Seen seen;
  std::string fault;
  try {
    const auto answer = co_await session->api.get("/v1/certificates");
    seen.certificates = certificates_in(answer);
    seen.status = co_await session->api.get("/v1/status");
    co_return seen;
  } catch (const Error& error) {
    if (error.cause() != no_daemon) throw;
    fault = error.what();
  }
  seen.certificates = certificates_instead(session, fault);
  seen.remark = fmt::format("this is from the configuration and the state directory: {}", fault);
  co_return seen;
}

/// "; did you mean X?", or which certificate has that domain.
std::string meant_by(const std::string& name, const json::Array& all) {
  std::vector<std::string> known;
  for (const auto& each : all) {
    const auto domains = each["domains"].texts();
    if (std::ranges::find(domains, name) != domains.end())
      return "; that domain is in " + clean(each["name"].text_or());
    known.push_back(each["name"].text_or());
  }
  return config::did_you_mean(name, known);
}

/// Those that are wanted. Throws Refused for a name that there is not.
json::Array chosen(const json::Array& all, const std::vector<std::string>& names) {
  if (names.empty()) return all;
  json::Array some;
  for (const auto& name : names) {
    const auto found = std::ranges::find(all, name, [](const json::Value& each) { return each["name"].text_or(); });
    if (found == all.end()) {
      throw Refused("control:name", fmt::format("no certificate is named \"{}\"{}", fit_to_show(name, longest_name),
                                                meant_by(name, all)));
    }
    some.push_back(*found);
  }
  return some;
}

std::string text_of(const Session& session, const Seen& seen, const json::Array& certificates) {
  const auto now = session.loop.clock().now();
  if (session.json) return json::dump_readable(json::Value(certificates));
  return render_status(certificates, now, session.style) +
         render_summary(certificates, seen.status, now, session.style);
}

int status_of(const json::Array& certificates) {
  return std::ranges::any_of(certificates, is_failing) ? exit_failing : exit_well;
}

/// Whether there may be something new since the last look.
class News {
 public:
  void tell() noexcept {
    is_there_ = true;
    waiters_.wake_all();
  }
  /// The screen is to be drawn whatever there is: the terminal has broken lines anew.
  void resized() noexcept {
    is_resized_ = true;
    tell();
  }
  /// Returns whether the size of the terminal is part of it.
  bool seen() noexcept {
    is_there_ = false;
    return std::exchange(is_resized_, false);
  }
  Task<> wait() {
    while (!is_there_) co_await waiters_.turn();
  }

 private:
  bool is_there_ = false;
  bool is_resized_ = false;
  Waiters waiters_;
};

/// Each event is news, and so is that the daemon has gone or is there again.
Task<> hear(Session* session, News* news) {
  for (;;) {
    try {
      // The stream begins before what is seen next, so that nothing lies between them.
      const auto status = co_await session->api.get("/v1/status");
      news->tell();
      const auto latest = status["latest_event"].integer_or(-1);
      co_await session->api.events(latest < 0 ? std::string() : std::to_string(latest),
                                   [news](const ServerEvent&) { news->tell(); });
    } catch (const Error&) {
      // What is on disk is shown as long as nobody answers.
    }
    news->tell();
    co_await sleep_for(between_connections);
  }
}

/// As many lines of `text` as a terminal shows, and how many there are besides.
std::string lines_that_fit(const std::string& text, std::size_t rows) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  if (rows < 2 || lines < rows) return text;
  std::size_t end = 0;
  for (std::size_t i = 0; i + 2 < rows; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end) + fmt::format("and {} more lines\n", lines - (rows - 2));
}

Task<> show_changes(Session* session, std::vector<std::string> names, News* news) {
  for (std::string former;;) {
    const auto begin = session->loop.clock().moment();
    const bool is_resized = news->seen();
    std::string text;
    try {
      const auto seen = co_await look(session);
      text = text_of(*session, seen, chosen(seen.certificates, names));
      if (!seen.remark.empty() && !session->json) text += wrapped(seen.remark, session->style.columns, 2) + "\n";
    } catch (const Error& error) {
      if (error.cause() != replaced) throw;
      news->tell();
    }
    if (!text.empty() && (is_resized || text != former)) {
      print(session->terminal ? "\x1b[H\x1b[J" + lines_that_fit(text, session->style.rows) : text);
      former = std::move(text);
    }
    const auto took = session->loop.clock().moment() - begin;
    co_await sleep_for(std::clamp<Duration>(took * part_of_looks, between_looks, longest_between_looks));
    const auto now = session->loop.clock().now();
    co_await within(std::chrono::floor<std::chrono::minutes>(now) + 1min - now, news->wait());
  }
}

}  // namespace

Task<int> status(Session* session, std::vector<std::string> names, bool watch) {
  if (watch) {
    News news;
    session->on_resize = [&news] { news.resized(); };
    co_await accompanied(show_changes(session, names, &news), hear(session, &news));
  }
  const auto seen = co_await look(session);
  const auto certificates = chosen(seen.certificates, names);
  print(text_of(*session, seen, certificates));
  if (!seen.remark.empty()) tell(seen.remark);
  co_return status_of(certificates);
}

Task<int> show(Session* session, std::string name) {
  json::Value certificate;
  std::string remark;
  try {
    certificate = co_await session->api.get("/v1/certificates/" + in_path(name));
  } catch (const Error& error) {
    if (error.cause() != no_daemon) throw;
    remark = error.what();
  }
  if (!remark.empty()) {
    const auto all = certificates_instead(session, remark);
    certificate = chosen(all, {name}).front();
    tell(fmt::format("this is from the configuration and the state directory: {}", remark));
  }
  print(session->json ? json::dump_readable(certificate)
                      : render_certificate(certificate, session->loop.clock().now(), session->style));
  co_return is_failing(certificate) ? exit_failing : exit_well;
}

Task<int> list_names(Session* session) {
  const auto seen = co_await look(session);
  for (const auto& certificate : seen.certificates) print(clean(certificate["name"].text_or()) + "\n");
  co_return exit_well;
}

}  // namespace acmed::acmectl
