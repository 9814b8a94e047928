// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/events.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/party.h"
#include "daemon/keep/view.h"

namespace acmed::control {
namespace {

constexpr std::size_t most_events = 1000;
constexpr std::size_t most_octets = std::size_t{512} * 1024;
constexpr std::size_t piece = std::size_t{16} * 1024;
/// When a client whose stream has ended should come again, in milliseconds.
constexpr int come_again = 2000;

/// So that what this process says after a restart is newer than all that its predecessor said.
EventLog::Id first_id(Time now) {
  return static_cast<EventLog::Id>(
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count(), 1));
}

}  // namespace

class EventLog::Stream final : public http::ServerBody {
 public:
  Stream(EventLog& log, Id after, std::string before) : log_(&log), after_(after), before_(std::move(before)) {
    log_->streams_.insert(this);
  }
  ~Stream() override {
    if (log_ != nullptr) log_->streams_.erase(this);
  }

  std::optional<std::string> next() override {
    if (!before_.empty()) return std::exchange(before_, {});
    if (log_ == nullptr || is_left_behind()) return std::nullopt;
    std::string text;
    auto event = std::ranges::upper_bound(log_->events_, after_, {}, &Event::id);
    for (; event != log_->events_.end() && text.size() < piece; ++event) {
      text += event->text;
      after_ = event->id;
    }
    return text;
  }

  std::string sign_of_life() const override { return ": still here\n\n"; }

  void tell() const { wake(); }
  void end() {
    log_ = nullptr;
    wake();
  }

 private:
  /// Its client reads too slowly.
  bool is_left_behind() const {
    return !log_->events_.empty() && log_->events_.front().id > after_ + 1 && log_->is_gone(after_ + 1);
  }

  EventLog* log_;
  Id after_;
  std::string before_;
};

EventLog::EventLog(const Clock& clock) : clock_(clock), next_(first_id(clock.now())), first_(next_) {}

EventLog::~EventLog() {
  end_streams();
}

bool EventLog::is_gone(Id id) const noexcept {
  return id >= first_ && !events_.empty() && id < events_.front().id;
}

void EventLog::add(std::string_view type, json::Object event) {
  const auto id = next_++;
  event["id"] = static_cast<std::int64_t>(id);
  event["time"] = to_rfc3339(clock_.now());
  event["type"] = type;
  auto text = fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, type, json::dump(std::move(event)));
  octets_ += text.size();
  events_.push_back({id, std::move(text)});
  while (events_.size() > most_events || (octets_ > most_octets && events_.size() > 1)) {
    octets_ -= events_.front().text.size();
    events_.pop_front();
  }
  for (const auto* stream : streams_) stream->tell();
}

std::unique_ptr<http::ServerBody> EventLog::stream(std::optional<Id> since) {
  auto before = fmt::format("retry: {}\n\n", come_again);
  auto after = latest();
  if (since) {
    const auto oldest = events_.empty() ? next_ : events_.front().id;
    after = std::clamp<Id>(*since, oldest - 1, latest());
    // Neither what a former process said nor what is not kept any more can be repeated.
    if (after != *since && *since != 0)
      before += fmt::format("event: gap\nid: {}\ndata: {{\"type\":\"gap\"}}\n\n", after);
  }
  return std::make_unique<Stream>(*this, after, std::move(before));
}

void EventLog::end_streams() {
  for (auto* stream : std::exchange(streams_, {})) stream->end();
}

void EventLog::began(const std::string& certificate) {
  add("began", {{"certificate", certificate}});
}

void EventLog::ended(const std::string& certificate) {
  ready_servers_.erase(certificate);
  add("ended", {{"certificate", certificate}});
}

void EventLog::ordered(const std::string& certificate, const std::string& ca, const std::string&, std::size_t names) {
  add("ordered", {{"certificate", certificate}, {"ca", ca}, {"names", static_cast<std::int64_t>(names)}});
}

void EventLog::published(const std::string& certificate, std::size_t values) {
  add("published", {{"certificate", certificate}, {"values", static_cast<std::int64_t>(values)}});
}

/// Told when one more server is ready, or one less: with every word of each, a slow zone would push all else out.
void EventLog::looked(const std::string& certificate, const std::vector<dns::ServerReport>& servers) {
  const auto ready = static_cast<std::size_t>(std::ranges::count_if(servers, &dns::ServerReport::ready));
  const auto [told, is_first] = ready_servers_.try_emplace(certificate, ready);
  if (!is_first && told->second == ready) return;
  told->second = ready;
  add("propagation", {{"certificate", certificate},
                      {"ready", static_cast<std::int64_t>(ready)},
                      {"servers", static_cast<std::int64_t>(servers.size())}});
}

void EventLog::propagated(const std::string& certificate, Duration after) {
  add("propagated", {{"certificate", certificate}, {"seconds", std::chrono::duration<double>(after).count()}});
}

void EventLog::validated(const std::string& certificate) {
  add("validated", {{"certificate", certificate}});
}

void EventLog::issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) {
  add("issued", {{"certificate", certificate},
                 {"ca", ca},
                 {"generation", static_cast<std::int64_t>(issued.generation)},
                 {"serial", issued.serial},
                 {"not_after", to_rfc3339(issued.not_after)}});
}

void EventLog::renewal_suggested(const std::string& certificate, const std::string& ca,
                                 const store::RenewalPlan& plan) {
  json::Object event{{"certificate", certificate},
                     {"ca", ca},
                     {"from", to_rfc3339(plan.window_start)},
                     {"to", to_rfc3339(plan.window_end)},
                     {"planned", to_rfc3339(plan.renew_at)}};
  if (!plan.explanation_url.empty()) event.emplace("explanation", plan.explanation_url);
  add("renewal_suggested", std::move(event));
}

void EventLog::deployed(const std::string& certificate, const std::string& target) {
  add("deployed", {{"certificate", certificate}, {"target", target}});
}

void EventLog::revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) {
  add("revoked", {{"certificate", certificate},
                  {"ca", ca},
                  {"generation", static_cast<std::int64_t>(revocation.generation)},
                  {"serial", revocation.serial},
                  {"reason", revocation.reason},
                  {"by_ca", revocation.by_ca},
                  {"at", to_rfc3339(revocation.revoked.value_or(revocation.asked))},
                  {"sentence", keep::sentence_of(revocation)}});
}

void EventLog::rolled_back(const std::string& certificate, const std::string& target, unsigned generation) {
  add("rolled_back",
      {{"certificate", certificate}, {"target", target}, {"generation", static_cast<std::int64_t>(generation)}});
}

void EventLog::failed(const std::string& certificate, const std::string& what, const Error& error, Time next_try) {
  add("failed", {{"certificate", certificate},
                 {"what", what},
                 {"sentence", error.what()},
                 {"cause", error.cause()},
                 {"party", to_text(error.party())},
                 {"next_try", next_try == Time::max() ? json::Value() : json::Value(to_rfc3339(next_try))}});
}

}  // namespace acmed::control
