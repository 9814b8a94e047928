// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/server.h"
#include "base/runtime/scope.h"
#include "base/runtime/single_flight.h"
#include "daemon/control/events.h"
#include "daemon/control/keeping.h"
#include "daemon/control/metrics.h"
#include "daemon/control/operations.h"
#include "daemon/control/problem.h"
#include "daemon/control/progress.h"
#include "daemon/control/rights.h"
#include "daemon/issue/observers.h"

namespace acmed::control {

/// Where the daemon is asked, for the status.
struct ListenerView {
  std::string kind;  ///< "unix" or "tcp"
  std::string address;
};

/// The HTTP API: what is answered to which request of whom. Its description is openapi.json; the sockets are Control's.
class Api {
 public:
  Api(Loop& loop, Subject& subject);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Carries out what is asked for until cancelled. Without it nothing can be.
  Task<> run();

  /// The response, also where something is wrong. Throws Cancelled only.
  Task<http::ServerResponse> respond(http::ServerRequest request);

  /// Hears of everything that happens to certificates.
  issue::Observer& observer() noexcept { return observers_; }
  /// Another configuration is in force.
  void configuration_changed();
  /// The next responses name these.
  void set_listeners(std::vector<ListenerView> listeners) { listeners_ = std::move(listeners); }
  /// Whom a browser may name as Host, besides loopback and the address that it connected to.
  void set_hosts(std::vector<std::string> hosts) { hosts_ = std::move(hosts); }
  /// Ends all streams of events.
  void end_streams() { events_.end_streams(); }

  /// One request that is answered, for whoever describes the API: "GET", "/v1/certificates/{name}".
  struct Described {
    std::string method;
    std::string path;
    Right needs;
  };
  static std::vector<Described> described();

 private:
  using Request = http::ServerRequest;
  using Response = http::ServerResponse;
  struct Route;
  struct Counts {
    std::map<keep::State, std::size_t> by_state;
    std::size_t total = 0;
  };
  class Listing;
  using Text = std::shared_ptr<const std::string>;

  static const std::vector<Route>& routes();
  Task<Response> dispatch(Request request);
  Task<> require_right(const Request& request, Right needed);
  void check_host(const Request& request) const;
  Keeping& keeping() const;
  Task<> require_certificate(std::string name);
  void require_ca(const std::string& name) const;
  Task<Counts> count();

  Task<Response> page(Request request, std::vector<std::string> parts);
  Task<Response> status(Request request, std::vector<std::string> parts);
  Task<Response> certificates(Request request, std::vector<std::string> parts);
  Task<Response> certificate(Request request, std::vector<std::string> parts);
  Task<Response> attempt(Request request, std::vector<std::string> parts);
  Task<Response> renew(Request request, std::vector<std::string> parts);
  using Attempt = Task<Outcome> (Keeping::*)(std::string name, bool force);
  Task<Response> try_now(Request request, std::vector<std::string> parts, std::string what, Attempt act);
  Task<Response> deploy(Request request, std::vector<std::string> parts);
  Task<Response> revoke(Request request, std::vector<std::string> parts);
  Task<Response> operation(Request request, std::vector<std::string> parts);
  Task<Response> events(Request request, std::vector<std::string> parts);
  Task<Response> reload(Request request, std::vector<std::string> parts);
  Task<Response> doctor(Request request, std::vector<std::string> parts);
  Task<Response> accounts(Request request, std::vector<std::string> parts);
  Task<Response> roll_key(Request request, std::vector<std::string> parts);
  Task<Response> deactivate_account(Request request, std::vector<std::string> parts);
  Task<Response> create_account(Request request, std::vector<std::string> parts);
  Response change_account(const Request& request, const std::string& ca, const std::string& what, AccountChange change);
  Task<Text> write_metrics();
  Task<Response> metrics(Request request, std::vector<std::string> parts);
  Task<Response> openapi(Request request, std::vector<std::string> parts);

  Response begin(const std::string& what, const std::string& certificate, const std::string& detail,
                 std::function<Task<Outcome>(Keeping&)> act);
  Task<> carry_out(std::string id, std::function<Task<Outcome>(Keeping&)> act);

  Loop& loop_;
  Subject& subject_;
  Rights rights_;
  Progress progress_;
  EventLog events_;
  Operations operations_;
  Metrics metrics_;
  issue::Observers observers_;
  std::vector<ListenerView> listeners_;
  std::vector<std::string> hosts_;
  Time started_;
  std::uint64_t edition_ = 0;  ///< of the configuration
  Scope* scope_ = nullptr;
  SingleFlight<Counts> counting_;
  std::optional<Counts> counts_;
  Moment counted_{};
  SingleFlight<Text> writing_;
  std::vector<std::weak_ptr<const std::string>> written_;  ///< that somebody still reads
  Semaphore examinations_{1};
};

}  // namespace acmed::control
