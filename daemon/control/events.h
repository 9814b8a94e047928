// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/http/server.h"
#include "base/json.h"
#include "daemon/issue/observer.h"

namespace acmed::control {

/// The last thousand things that happened, and streams of them (server-sent events, WHATWG HTML §9.2). A stream has a
/// place in that list and nothing of its own, so that a client that does not read costs nothing: what it misses is
/// gone, and it is told so when it comes again.
class EventLog final : public issue::Observer {
 public:
  using Id = std::uint64_t;

  explicit EventLog(const Clock& clock);
  ~EventLog() override;

  /// `type`: "issued". Members `id`, `time` and `type` are added to `event`.
  void add(std::string_view type, json::Object event);

  /// What happened after `since` and what will happen; only the latter when nothing is given. Where something between
  /// is not known any more, an event `gap` comes first. Must not outlive this.
  std::unique_ptr<http::ServerBody> stream(std::optional<Id> since);
  /// Ends all streams.
  void end_streams();

  Id latest() const noexcept { return next_ - 1; }

  void began(const std::string& certificate) override;
  void ended(const std::string& certificate) override;
  void ordered(const std::string& certificate, const std::string& ca, const std::string& order_url,
               std::size_t names) override;
  void published(const std::string& certificate, std::size_t values) override;
  void looked(const std::string& certificate, const std::vector<dns::ServerReport>& servers) override;
  void propagated(const std::string& certificate, Duration after) override;
  void validated(const std::string& certificate) override;
  void issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) override;
  void renewal_suggested(const std::string& certificate, const std::string& ca,
                         const store::RenewalPlan& plan) override;
  void deployed(const std::string& certificate, const std::string& target) override;
  void revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) override;
  void rolled_back(const std::string& certificate, const std::string& target, unsigned generation) override;
  void failed(const std::string& certificate, const std::string& what, const Error& error, Time next_try) override;

 private:
  class Stream;
  struct Event {
    Id id;
    std::string text;  ///< as it is sent
  };

  bool is_gone(Id id) const noexcept;

  const Clock& clock_;
  Id next_;
  Id first_;  ///< of this process
  std::deque<Event> events_;
  std::size_t octets_ = 0;
  std::set<Stream*> streams_;
  std::map<std::string, std::size_t> ready_servers_;  ///< by certificate, as last told
};

}  // namespace acmed::control
