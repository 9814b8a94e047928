// SPDX-License-Identifier: Apache-2.0
// What is looked at by the API, and changes nothing.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <charconv>

#include "base/foreign_text.h"
#include "base/runtime/sleep.h"
#include "config/suggest.h"
#include "daemon/control/api.h"
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

}  // namespace

/// The list is made while it is sent: it may have a hundred thousand entries, and its reader may be slow.
class Api::Listing final : public http::ServerBody {
 public:
  Listing(Api& api, std::vector<std::string> states, std::vector<std::string> cas)
      : api_(api), edition_(api.edition_), states_(std::move(states)), cas_(std::move(cas)) {}

  std::optional<std::string> next() override {
    if (is_ended_) return std::nullopt;
    // What was sent is of another configuration: the client sees that the rest is missing.
    if (edition_ != api_.edition_) throw being_replaced();
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
    if (edition != edition_) throw being_replaced();
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
  for (const auto& ca : cas) require_ca(ca);
  keeping();  // throws now, and not in the middle of the list
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
  if (!view) throw being_replaced();
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

Task<Api::Response> Api::accounts(Request request, std::vector<std::string>) {
  check_query(request, {});
  const auto all = co_await keeping().accounts();
  json::Array list;
  for (const auto& account : all) list.push_back(account_json(account));
  co_return json_response(json::Object{{"accounts", std::move(list)}});
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
    if (edition != edition_) throw being_replaced();
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
