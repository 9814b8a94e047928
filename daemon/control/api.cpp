// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/error.h"
#include "base/foreign_text.h"
#include "base/log.h"
#include "base/runtime/sleep.h"
#include "config/suggest.h"
#include "daemon/control/request.h"

namespace acmed::control {
namespace {

constexpr std::size_t names_a_turn = 256;

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto slash = path.find('/', 1);
    parts.emplace_back(path.substr(1, slash == std::string_view::npos ? slash : slash - 1));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  return parts;
}

/// The host of a Host header, in lower case: "[::1]:9180" is "::1".
std::string host_of(const std::string& header) {
  if (header.starts_with('[')) return ascii_lower(header.substr(1, header.find(']') - 1));
  return ascii_lower(header.substr(0, header.rfind(':')));
}

std::string allowed_in(const std::vector<std::string>& methods) {
  std::string text;
  for (const auto& method : methods) text += (text.empty() ? "" : ", ") + method;
  return text;
}

/// An Error is answered as what it is about: the host or somebody else, not the one who asks.
ProblemResponse problem_of(const Error& error) {
  return {error.cause().starts_with("control:") ? 503 : 500, error.cause(), error.what()};
}

}  // namespace

/// A method and a path, whose parts in braces are given to the handler.
struct Api::Route {
  std::string method;
  std::string path;
  Right needs;
  Task<Response> (Api::*handler)(Request, std::vector<std::string>);

  std::optional<std::vector<std::string>> match(const std::vector<std::string>& parts) const {
    const auto own = split(path);
    if (own.size() != parts.size()) return std::nullopt;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (own[i].starts_with('{')) {
        values.push_back(parts[i]);
      } else if (own[i] != parts[i]) {
        return std::nullopt;
      }
    }
    return values;
  }
};

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> all = {
      {"GET", "/", Right::view, &Api::page},
      {"GET", "/metrics", Right::view, &Api::metrics},
      {"GET", "/v1/openapi.json", Right::view, &Api::openapi},
      {"GET", "/v1/status", Right::view, &Api::status},
      {"GET", "/v1/certificates", Right::view, &Api::certificates},
      {"GET", "/v1/certificates/{name}", Right::view, &Api::certificate},
      {"POST", "/v1/certificates/{name}/attempt", Right::change, &Api::attempt},
      {"POST", "/v1/certificates/{name}/renew", Right::change, &Api::renew},
      {"POST", "/v1/certificates/{name}/deploy", Right::change, &Api::deploy},
      {"POST", "/v1/certificates/{name}/revoke", Right::change, &Api::revoke},
      {"GET", "/v1/operations/{id}", Right::view, &Api::operation},
      {"GET", "/v1/events", Right::view, &Api::events},
      {"POST", "/v1/reload", Right::change, &Api::reload},
      {"POST", "/v1/doctor", Right::change, &Api::doctor},
      {"GET", "/v1/accounts", Right::view, &Api::accounts},
      {"POST", "/v1/accounts/{ca}/roll-key", Right::change, &Api::roll_key},
      {"POST", "/v1/accounts/{ca}/deactivate", Right::change, &Api::deactivate_account},
      {"POST", "/v1/accounts/{ca}/create", Right::change, &Api::create_account},
  };
  return all;
}

std::vector<Api::Described> Api::described() {
  std::vector<Described> all;
  for (const auto& route : routes()) all.push_back({route.method, route.path, route.needs});
  return all;
}

Api::Api(Loop& loop, Subject& subject)
    : loop_(loop),
      subject_(subject),
      rights_(loop.clock()),
      progress_(loop.clock()),
      events_(loop.clock()),
      operations_(loop.clock()),
      metrics_(loop),
      observers_({&progress_, &events_, &operations_, &metrics_}),
      started_(loop.clock().now()) {}

Api::~Api() = default;

Task<> Api::run() {
  Scope scope(co_await context());
  scope_ = &scope;
  Waiters end;
  bool is_cancelled = false;
  try {
    co_await end.turn();  // nobody wakes it: it is cancelled
  } catch (const Cancelled&) {
    is_cancelled = true;
  }
  scope_ = nullptr;
  co_await scope.join();
  if (is_cancelled) throw Cancelled();
}

void Api::configuration_changed() {
  ++edition_;
  counts_.reset();
  progress_.forget();
  events_.add("configuration", {});
}

Task<Api::Response> Api::respond(Request request) {
  Response response;
  try {
    response = co_await dispatch(std::move(request));
  } catch (const Cancelled&) {
    throw;
  } catch (const ProblemResponse& problem) {
    response = problem.response();
  } catch (const Error& error) {
    response = problem_of(error).response();
  } catch (const std::exception& error) {
    log::error(fmt::format("a request to the control API failed: {}", error.what()));
    response = ProblemResponse(500, "internal", error.what()).response();
  }
  add_usual_headers(response);
  co_return response;
}

Task<Api::Response> Api::dispatch(Request request) {
  if (!request.peer.process) check_host(request);
  co_await require_right(request, Right::view);
  if (request.method == "HEAD") request.method = "GET";
  const auto parts = split(request.path);
  std::vector<std::string> allowed;
  for (const auto& route : routes()) {
    auto values = route.match(parts);
    if (!values) continue;
    if (!request.peer.process && route.needs == Right::change) {
      // Only who is known may change anything.
      allowed.emplace_back("GET, HEAD");
      continue;
    }
    if (route.method != request.method) {
      allowed.push_back(route.method == "GET" ? "GET, HEAD" : route.method);
      continue;
    }
    co_await require_right(request, route.needs);
    co_return co_await (this->*route.handler)(std::move(request), *std::move(values));
  }
  if (!allowed.empty()) {
    throw ProblemResponse(
        405, "control:method",
        fmt::format("{} is not for this resource, {} is", one_line(request.method, longest_quote), allowed_in(allowed)))
        .with("Allow", allowed_in(allowed));
  }
  std::vector<std::string> known;
  for (const auto& route : routes()) known.push_back(route.path);
  throw ProblemResponse(404, "control:unknown",
                        fmt::format("there is no resource {}{}", one_line(request.path, longest_quote),
                                    config::did_you_mean(request.path, known)));
}

/// By TCP nobody is known: who reaches the address may view.
Task<> Api::require_right(const Request& request, Right needed) {
  if (!request.peer.process) co_return;
  const auto process = *request.peer.process;
  const auto right = co_await rights_.of(process);
  if (right >= needed) co_return;
  throw ProblemResponse(
      403, "control:rights",
      needed == Right::change
          ? fmt::format("user {} may view, not change: root, acmed's user and members of the group acmed-admin may",
                        process.user)
          : fmt::format("user {} may not view: root, acmed's user and members of the groups acmed-admin and acmed-view "
                        "may (a new membership counts from the next login on)",
                        process.user));
}

/// A name that leads to this host against its will (DNS rebinding) would let a foreign page read what only this host's
/// own may.
void Api::check_host(const Request& request) const {
  const auto host = host_of(request.header("host"));
  const std::vector<std::string> own = {"localhost", "127.0.0.1", "::1", request.peer.local_address};
  if (!host.empty() && (std::ranges::find(own, host) != own.end() || std::ranges::find(hosts_, host) != hosts_.end())) {
    return;
  }
  throw ProblemResponse(421, "control:host",
                        fmt::format("this is not \"{}\"; if that name is meant for this host, add it to [http] hosts",
                                    one_line(host, longest_quote)));
}

Keeping& Api::keeping() const {
  auto* keeping = subject_.keeping();
  if (keeping == nullptr) throw being_replaced();
  return *keeping;
}

/// 404 with the nearest name where no certificate has this one.
Task<> Api::require_certificate(std::string name) {
  if (keeping().certificate(name)) co_return;
  std::vector<std::string> near;
  std::string owner;
  const auto edition = edition_;
  for (std::string last;;) {
    const auto some = keeping().certificates_after(last, names_a_turn);
    std::vector<std::string> names;
    for (const auto& view : some) {
      names.push_back(view.name);
      if (std::ranges::find(view.domains, name) != view.domains.end()) owner = view.name;
    }
    // Of each batch only the nearest can be meant.
    if (const auto hint = config::did_you_mean(name, names); !hint.empty()) {
      const auto begin = hint.find("mean ") + 5;
      near.push_back(hint.substr(begin, hint.size() - begin - 1));
    }
    if (some.size() < names_a_turn) break;
    last = some.back().name;
    co_await sleep_for(Duration::zero());
    if (edition != edition_) throw being_replaced();
  }
  const auto hint = owner.empty() ? config::did_you_mean(name, near) : "; that domain is in " + owner;
  throw ProblemResponse(404, "control:unknown",
                        fmt::format("no certificate is named \"{}\"{}", one_line(name, longest_quote), hint));
}

/// 404 with the nearest name where no CA has this one.
void Api::require_ca(const std::string& name) const {
  std::vector<std::string> known;
  for (const auto& ca : keeping().cas()) known.push_back(ca.name);
  if (std::ranges::find(known, name) != known.end()) return;
  throw ProblemResponse(
      404, "control:unknown",
      fmt::format("no CA is named \"{}\"{}", one_line(name, longest_quote), config::did_you_mean(name, known)));
}

}  // namespace acmed::control
