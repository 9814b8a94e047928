// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/sleep.h"
#include "base/secret_list.h"
#include "config/suggest.h"
#include "daemon/acmectl/render.h"
#include "daemon/acmectl/verbs.h"
#include "daemon/acmectl/without_daemon.h"

namespace acmed::acmectl {
namespace {

using namespace std::chrono_literals;

constexpr Duration watch_pause = 1s;
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
  seen.certificates = certificates_on_disk(session->config_file, session->loop.clock().now());
  seen.remark = fmt::format("this is from the configuration and the state directory: {}", fault);
  co_return seen;
}

/// Those that are wanted. Throws Refused for a name that there is not.
json::Array chosen(const json::Array& all, const std::vector<std::string>& names) {
  if (names.empty()) return all;
  json::Array some;
  for (const auto& name : names) {
    const auto found = std::ranges::find(all, name, [](const json::Value& each) { return each["name"].text_or(); });
    if (found == all.end()) {
      std::vector<std::string> known;
      for (const auto& each : all) known.push_back(each["name"].text_or());
      throw Refused("control:name", fmt::format("no certificate is named \"{}\"{}", fit_to_show(name, longest_name),
                                                config::did_you_mean(name, known)));
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

}  // namespace

Task<int> status(Session* session, std::vector<std::string> names, bool watch) {
  std::string former;
  for (;;) {
    const auto seen = co_await look(session);
    const auto certificates = chosen(seen.certificates, names);
    const auto text = text_of(*session, seen, certificates);
    if (!watch) {
      print(text);
      if (!seen.remark.empty()) tell(seen.remark);
      co_return status_of(certificates);
    }
    if (text != former) print(session->terminal ? "\x1b[H\x1b[J" + text : text);
    former = text;
    co_await sleep_for(watch_pause);
  }
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
    const auto all = certificates_on_disk(session->config_file, session->loop.clock().now());
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
