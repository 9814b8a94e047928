// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/api.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/error.h"
#include "base/foreign_text.h"
#include "base/log.h"
#include "base/runtime/sleep.h"
#include "config/suggest.h"
#include "daemon/acme/revocation_reason.h"
#include "daemon/control/documents.h"
#include "daemon/control/embedded.h"
#include "daemon/control/page.h"
#include "daemon/control/request.h"

namespace acmed::control {
namespace {

constexpr std::size_t certificates_a_turn = 32;
constexpr std::size_t names_a_turn = 256;
constexpr Duration counts_are_fresh = std::chrono::seconds(1);
constexpr std::size_t most_written = 4;
constexpr std::size_t measured_a_turn = 128;
constexpr std::size_t large_text = std::size_t{256} * 1024;
constexpr std::size_t longest_quote = 100;

ProblemResponse replaced() {
  return ProblemResponse(503, "control:replaced", "the configuration is just being put in force: ask again in a moment")
      .with("Retry-After", "1");
}

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

/// The list is made while it is sent: it may have a hundred thousand entries, and its reader may be slow.
class Api::Listing final : public http::ServerBody {
 public:
  Listing(Api& api, std::vector<std::string> states, std::vector<std::string> cas)
      : api_(api), edition_(api.edition_), states_(std::move(states)), cas_(std::move(cas)) {}

  std::optional<std::string> next() override {
    if (is_ended_) return std::nullopt;
    // What was sent is of another configuration: the client sees that the rest is missing.
    if (edition_ != api_.edition_) throw replaced();
    auto text = last_.empty() ? std::string("{\"certificates\":[") : std::string();
    const auto views = api_.keeping().certificates_after(last_, certificates_a_turn);
    const auto now = api_.loop_.clock().now();
    for (const auto& view : views) {
      if (!is_meant(view)) continue;
      text += std::exchange(is_first_, false) ? "\n" : ",\n";
      text += json::dump(certificate_json(view, api_.progress_.work_of(view.name), now));
    }
    is_ended_ = views.size() < certificates_a_turn;
    if (is_ended_) return text + "\n]}\n";
    last_ = views.back().name;
    return text.empty() ? "\n" : text;
  }

 private:
  bool is_meant(const keep::CertificateView& view) const {
    const auto has = [](const std::vector<std::string>& some, std::string_view one) {
      return some.empty() || std::ranges::find(some, one) != some.end();
    };
    return has(states_, keep::to_text(view.state)) && has(cas_, view.ca);
  }

  Api& api_;
  std::uint64_t edition_;
  std::vector<std::string> states_;
  std::vector<std::string> cas_;
  std::string last_;
  bool is_first_ = true;
  bool is_ended_ = false;
};

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
  if (keeping == nullptr) throw replaced();
  return *keeping;
}

/// 404 with the nearest name where no certificate has this one.
Task<> Api::require_certificate(std::string name) {
  if (keeping().certificate(name)) co_return;
  std::vector<std::string> near;
  const auto edition = edition_;
  for (std::string last;;) {
    const auto some = keeping().certificates_after(last, names_a_turn);
    std::vector<std::string> names;
    for (const auto& view : some) names.push_back(view.name);
    // Of each batch only the nearest can be meant.
    if (const auto hint = config::did_you_mean(name, names); !hint.empty()) {
      const auto begin = hint.find("mean ") + 5;
      near.push_back(hint.substr(begin, hint.size() - begin - 1));
    }
    if (some.size() < names_a_turn) break;
    last = some.back().name;
    co_await sleep_for(Duration::zero());
    if (edition != edition_) throw replaced();
  }
  throw ProblemResponse(
      404, "control:unknown",
      fmt::format("no certificate is named \"{}\"{}", one_line(name, longest_quote), config::did_you_mean(name, near)));
}

Task<Api::Counts> Api::count() {
  Counts counts;
  for (const auto state : keep::all_states) counts.by_state[state] = 0;
  const auto edition = edition_;
  for (std::string last;;) {
    const auto some = keeping().states_after(last, names_a_turn);
    for (const auto& [name, state] : some) ++counts.by_state[state];
    counts.total += some.size();
    if (some.size() < names_a_turn) break;
    last = some.back().first;
    co_await sleep_for(Duration::zero());
    if (edition != edition_) throw replaced();
  }
  counts_ = counts;
  counted_ = loop_.clock().moment();
  co_return counts;
}

Task<Api::Response> Api::status(Request request, std::vector<std::string>) {
  check_query(request, {});
  const bool is_fresh = counts_ && loop_.clock().moment() - counted_ < counts_are_fresh;
  Counts counts;
  if (is_fresh) {
    counts = *counts_;
  } else {
    counts = co_await counting_.join(count());
  }
  auto& present = keeping();
  json::Object states;
  for (const auto& [state, number] : counts.by_state) {
    states[std::string(keep::to_text(state))] = static_cast<std::int64_t>(number);
  }
  json::Value next;
  if (const auto due = present.next()) {
    next = json::Object{{"certificate", due->certificate}, {"at", to_rfc3339(due->at)}};
  }
  json::Array cas;
  for (const auto& ca : present.cas()) cas.push_back(ca_json(ca));
  json::Array providers;
  for (const auto& provider : present.providers()) providers.push_back(provider_json(provider));
  json::Array listeners;
  for (const auto& listener : listeners_) {
    listeners.push_back(json::Object{{"kind", listener.kind}, {"address", listener.address}});
  }
  json::Array left_out;
  for (const auto& fault : subject_.config()->left_out) left_out.push_back(fault_json(fault));
  const auto uptime = std::chrono::floor<std::chrono::seconds>(loop_.clock().now() - started_).count();
  co_return json_response(json::Object{
      {"version", ACMED_VERSION},
      {"started", to_rfc3339(started_)},
      {"uptime_seconds", static_cast<std::int64_t>(uptime)},
      {"certificates", json::Object{{"total", static_cast<std::int64_t>(counts.total)}, {"states", std::move(states)}}},
      {"next", std::move(next)},
      {"cas", std::move(cas)},
      {"providers", std::move(providers)},
      {"listeners", std::move(listeners)},
      {"configuration", json::Object{{"file", subject_.config()->file.string()}, {"left_out", std::move(left_out)}}},
      {"latest_event", static_cast<std::int64_t>(events_.latest())}});
}

Task<Api::Response> Api::certificates(Request request, std::vector<std::string>) {
  check_query(request, {"state", "ca"});
  auto states = parameters(request, "state");
  auto cas = parameters(request, "ca");
  std::vector<std::string> known;
  for (const auto state : keep::all_states) known.emplace_back(keep::to_text(state));
  for (const auto& state : states) {
    if (std::ranges::find(known, state) != known.end()) continue;
    throw ProblemResponse(
        400, "control:request",
        fmt::format("\"{}\" is no state: there is {}", one_line(state, longest_quote), config::listed(known, "and")));
  }
  known.clear();
  for (const auto& ca : keeping().cas()) known.push_back(ca.name);
  for (const auto& ca : cas) {
    if (std::ranges::find(known, ca) != known.end()) continue;
    throw ProblemResponse(
        404, "control:unknown",
        fmt::format("no CA is named \"{}\"{}", one_line(ca, longest_quote), config::did_you_mean(ca, known)));
  }
  Response response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.made_body = std::make_unique<Listing>(*this, std::move(states), std::move(cas));
  co_return response;
}

Task<Api::Response> Api::certificate(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto name = parts.front();
  co_await require_certificate(name);
  auto generations = co_await keeping().generations(name);
  const auto view = keeping().certificate(name);
  if (!view) throw replaced();
  auto document = certificate_json(*view, progress_.work_of(name), loop_.clock().now());
  json::Array all;
  for (const auto& generation : generations) all.push_back(generation_json(generation));
  document["generations"] = std::move(all);
  if (view->live) {
    auto live = *document["live"].as_object();
    live["directory"] = (subject_.config()->state_directory / "live" / name).string();
    document["live"] = std::move(live);
  }
  co_return json_response(document);
}

Api::Response Api::begin(const std::string& what, const std::string& certificate, const std::string& detail,
                         std::function<Task<Outcome>(Keeping&)> act) {
  if (scope_ == nullptr)
    throw ProblemResponse(503, "control:ending", "acmed is about to end: ask again once it is back");
  bool is_new = false;
  const auto id = operations_.begin(what, certificate, detail, &is_new);
  if (is_new) scope_->spawn(carry_out(id, std::move(act)));
  auto response = json_response(operations_.json_of(id), 202);
  response.headers.emplace_back("Location", "/v1/operations/" + id);
  return response;
}

Task<> Api::carry_out(std::string id, std::function<Task<Outcome>(Keeping&)> act) {
  Outcome outcome;
  const auto fail = [&outcome](std::string cause, std::string sentence, Party party) {
    keep::TroubleView failure;
    failure.what = "operation";
    failure.cause = std::move(cause);
    failure.sentence = std::move(sentence);
    failure.party = party;
    failure.next_try = Time::max();
    outcome.push_back(std::move(failure));
  };
  try {
    outcome = co_await act(keeping());
  } catch (const Cancelled&) {
    fail("control:ending", "acmed ended meanwhile; what was begun goes on after its next start", Party::host);
  } catch (const Error& error) {
    fail(error.cause(), error.what(), error.party());
  } catch (const std::exception& error) {
    fail("internal", error.what(), Party::host);
  }
  operations_.end(id, outcome);
  const auto document = operations_.json_of(id);
  events_.add("operation", {{"operation", id},
                            {"certificate", document["certificate"]},
                            {"ca", document["ca"]},
                            {"what", document["what"]},
                            {"state", document["state"]}});
}

Task<Api::Response> Api::attempt(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto name = parts.front();
  const bool force = bool_in(object_in(request, {"force"}), "force", false);
  co_await require_certificate(name);
  co_return begin("attempt", name, force ? "force" : "",
                  [name, force](Keeping& present) { return present.attempt(name, force); });
}

Task<Api::Response> Api::renew(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto name = parts.front();
  const bool force = bool_in(object_in(request, {"force"}), "force", false);
  co_await require_certificate(name);
  co_return begin("renew", name, force ? "force" : "",
                  [name, force](Keeping& present) { return present.renew(name, force); });
}

Task<Api::Response> Api::deploy(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto name = parts.front();
  const auto target = text_in(object_in(request, {"target"}), "target");
  co_await require_certificate(name);
  const auto view = keeping().certificate(name);
  if (!view) throw replaced();
  std::vector<std::string> known;
  for (const auto& each : view->targets) known.push_back(each.name);
  if (target && std::ranges::find(known, *target) == known.end()) {
    throw ProblemResponse(404, "control:unknown",
                          fmt::format("certificate {} has no target \"{}\"{}", name, one_line(*target, longest_quote),
                                      config::did_you_mean(*target, known)));
  }
  if (known.empty()) {
    throw ProblemResponse(409, "control:no-target",
                          fmt::format("certificate {} has no target: its files in live/ are the product", name));
  }
  std::set<std::string> targets;
  if (target) targets.insert(*target);
  co_return begin("deploy", name, target.value_or(""),
                  [name, targets](Keeping& present) { return present.deploy(name, targets); });
}

Task<Api::Response> Api::revoke(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto name = parts.front();
  const auto object = object_in(request, {"generation", "reason", "replace"});
  RevocationWish wish;
  wish.generation = number_in(object, "generation").value_or(0);
  wish.reason = text_in(object, "reason").value_or("unspecified");
  wish.replace = bool_in(object, "replace", false);
  if (!acme::revocation_reason_from(wish.reason)) {
    const auto& known = acme::revocation_reasons();
    throw ProblemResponse(400, "control:request",
                          fmt::format("\"{}\" is no reason for which the owner of a certificate may revoke it{}: there "
                                      "is {}",
                                      one_line(wish.reason, longest_quote), config::did_you_mean(wish.reason, known),
                                      config::listed(known, "and")));
  }
  co_await require_certificate(name);
  co_return begin("revoke", name, fmt::format("{} {} {}", wish.generation, wish.reason, wish.replace),
                  [name, wish](Keeping& present) { return present.revoke(name, wish); });
}

Task<Api::Response> Api::operation(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto document = operations_.json_of(parts.front());
  if (document.is_null()) {
    throw ProblemResponse(404, "control:unknown",
                          fmt::format("no operation has the identifier \"{}\"; those that ended long ago, or before "
                                      "acmed started, are not kept",
                                      one_line(parts.front(), longest_quote)));
  }
  co_return json_response(document);
}

Task<Api::Response> Api::events(Request request, std::vector<std::string>) {
  check_query(request, {"since"});
  auto text = request.header("last-event-id");  // a browser that comes again means this one
  const auto since = parameters(request, "since");
  if (text.empty() && !since.empty()) text = since.back();
  std::optional<EventLog::Id> after;
  if (!text.empty()) {
    EventLog::Id id = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, id);
    if (error != std::errc{} || stop != end) {
      throw ProblemResponse(400, "control:request",
                            fmt::format("\"{}\" is no identifier of an event", one_line(text, longest_quote)));
    }
    after = id;
  }
  Response response;
  response.headers.emplace_back("Content-Type", "text/event-stream");
  response.made_body = events_.stream(after);
  response.is_stream = true;
  co_return response;
}

Task<Api::Response> Api::reload(Request request, std::vector<std::string>) {
  check_query(request, {});
  object_in(request, {});
  const auto faults = co_await subject_.reload();
  json::Array list;
  for (const auto& fault : faults) list.push_back(fault_json(fault));
  if (!faults.empty()) {
    throw ProblemResponse(422, "config:faults", "the new configuration is wrong: the old one stays in force",
                          {{"faults", std::move(list)}});
  }
  co_return json_response(json::Object{{"faults", json::Array{}}});
}

Task<Api::Response> Api::doctor(Request request, std::vector<std::string>) {
  check_query(request, {});
  const auto object = object_in(request, {"name", "touch_dns"});
  const auto name = text_in(object, "name");
  const bool touch_dns = bool_in(object, "touch_dns", false);
  const auto* examine = subject_.doctor();
  if (examine == nullptr) throw ProblemResponse(404, "control:unknown", "this acmed has no doctor");
  if (name) co_await require_certificate(*name);
  const auto turn = co_await examinations_.acquire();
  const auto lines = co_await (*examine)(name, touch_dns);
  json::Array list;
  for (const auto& line : lines) list.emplace_back(doctor::to_json(line));
  co_return json_response(json::Object{{"lines", std::move(list)}});
}

Task<Api::Response> Api::accounts(Request request, std::vector<std::string>) {
  check_query(request, {});
  const auto all = co_await keeping().accounts();
  json::Array list;
  for (const auto& account : all) list.push_back(account_json(account));
  co_return json_response(json::Object{{"accounts", std::move(list)}});
}

Task<Api::Response> Api::roll_key(Request request, std::vector<std::string> parts) {
  co_return change_account(request, parts.front(), "roll-key", AccountChange::roll_key);
}

Task<Api::Response> Api::deactivate_account(Request request, std::vector<std::string> parts) {
  co_return change_account(request, parts.front(), "deactivate", AccountChange::deactivate);
}

Task<Api::Response> Api::create_account(Request request, std::vector<std::string> parts) {
  co_return change_account(request, parts.front(), "create", AccountChange::create);
}

Api::Response Api::change_account(const Request& request, const std::string& ca, const std::string& what,
                                  AccountChange change) {
  check_query(request, {});
  object_in(request, {});
  std::vector<std::string> known;
  for (const auto& each : keeping().cas()) known.push_back(each.name);
  if (std::ranges::find(known, ca) == known.end()) {
    throw ProblemResponse(
        404, "control:unknown",
        fmt::format("no CA is named \"{}\"{}", one_line(ca, longest_quote), config::did_you_mean(ca, known)));
  }
  return begin(what, "", ca, [ca, change](Keeping& present) { return present.change_account(ca, change); });
}

/// Frees a text of megabytes to the kernel: libc would keep its memory for the next one.
void free_text(const std::string* text) noexcept {
  const bool is_large = text->size() >= large_text;
  delete text;
  if (is_large) ::malloc_trim(large_text);
}

Task<Api::Text> Api::write_metrics() {
  Metrics::Page page;
  const auto edition = edition_;
  for (std::string last;;) {
    const auto some = keeping().certificates_after(last, measured_a_turn);
    for (const auto& view : some) page.add(view);
    if (some.size() < measured_a_turn) break;
    last = some.back().name;
    co_await sleep_for(Duration::zero());
    if (edition != edition_) throw replaced();
  }
  const Text text(new std::string(std::move(page).text(metrics_, keeping())), free_text);
  written_.emplace_back(text);
  co_return text;
}

Task<Api::Response> Api::metrics(Request request, std::vector<std::string>) {
  check_query(request, {});
  std::erase_if(written_, [](const auto& text) { return text.expired(); });
  // Each takes some hundred octets for a certificate: those who read slowly must not make them pile up.
  if (written_.size() >= most_written) {
    throw ProblemResponse(503, "control:busy", "others are still reading what was measured: ask again later")
        .with("Retry-After", "5");
  }
  auto text = co_await writing_.join(write_metrics());
  Response response;
  response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.shared_body = std::move(text);
  co_return response;
}

Task<Api::Response> Api::openapi(Request request, std::vector<std::string>) {
  check_query(request, {});
  Response response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = embedded::openapi;
  co_return response;
}

Task<Api::Response> Api::page(Request request, std::vector<std::string>) {
  check_query(request, {});
  co_return status_page();
}

}  // namespace acmed::control
