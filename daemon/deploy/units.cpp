// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/units.h"

#include <fmt/format.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include <exception>
#include <map>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/runtime/event.h"
#include "base/runtime/scope.h"

namespace acmed::deploy {
namespace {

constexpr const char* manager = "org.freedesktop.systemd1";
constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
/// Of jobs that ended before we know which one is ours.
constexpr std::size_t most_early_results = 1000;

const char* method_of(UnitVerb verb) {
  return verb == UnitVerb::reload ? "ReloadOrTryRestartUnit" : "TryRestartUnit";
}

const char* word_of(UnitVerb verb) {
  return verb == UnitVerb::reload ? "reload" : "restart";
}

/// `name`: D-Bus's name of the error.
Error error_of(const std::string& unit, UnitVerb verb, std::string_view name, std::string_view message) {
  const auto doing = fmt::format("{} {}", word_of(verb), unit);
  if (name == "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired" ||
      name == "org.freedesktop.DBus.Error.AccessDenied") {
    return Refused("deploy:unit",
                   fmt::format("the service manager does not let acmed {}: have acmed-deploy do it (sudo systemctl "
                               "enable --now acmed-deploy.socket && sudo systemctl restart acmed), or allow it by "
                               "polkit: /usr/share/doc/acmed/50-acmed.rules, with {} in its list",
                               doing, unit));
  }
  if (name == "org.freedesktop.systemd1.NoSuchUnit") {
    return Refused(
        "deploy:unit",
        fmt::format("cannot {}: this host has no such unit (systemctl list-units shows those there are)", doing));
  }
  if (name == "org.freedesktop.DBus.Error.ServiceUnknown" || name == "org.freedesktop.DBus.Error.NameHasNoOwner") {
    return Refused("deploy:unit",
                   fmt::format("cannot {}: systemd does not manage this host; use post_hook instead", doing));
  }
  return Retry("deploy:unit", fmt::format("cannot {}: {}", doing, message.empty() ? name : message));
}

/// One call of the service manager, on a connection of its own: nothing is left to be kept alive between renewals.
class UnitCall {
 public:
  UnitCall(std::string unit, UnitVerb verb) : unit_(std::move(unit)), verb_(verb) {}
  UnitCall(const UnitCall&) = delete;
  UnitCall& operator=(const UnitCall&) = delete;
  ~UnitCall() {
    if (bus_ == nullptr) return;
    sd_bus_detach_event(bus_);
    sd_bus_close_unref(bus_);
  }

  Task<> run(Duration limit) {
    const auto here = co_await context();
    begin(*here.loop, limit);
    const bool ended = co_await within(limit, end_.wait());
    if (!ended) {
      throw Retry("deploy:timeout", fmt::format("{} of {} did not end within {}; it may still be going on",
                                                word_of(verb_), unit_, to_text(limit)));
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  using Callback = int (*)(sd_bus_message*, void*, sd_bus_error*);

  void begin(Loop& loop, Duration limit) {
    require(sd_bus_open_system(&bus_));
    require(sd_bus_attach_event(bus_, loop.event(), SD_EVENT_PRIORITY_NORMAL));
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
    require(sd_bus_set_method_call_timeout(bus_, static_cast<std::uint64_t>(microseconds)));
    require(sd_bus_match_signal_async(bus_, nullptr, manager, manager_path, manager_interface, "JobRemoved",
                                      on_job_removed, nullptr, this));
    require(sd_bus_match_signal(bus_, nullptr, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, this));
    require(sd_bus_call_method_async(bus_, nullptr, manager, manager_path, manager_interface, "Subscribe", nullptr,
                                     nullptr, ""));
    require(sd_bus_call_method_async(bus_, nullptr, manager, manager_path, manager_interface, method_of(verb_),
                                     on_reply, this, "ss", unit_.c_str(), "replace"));
  }

  void require(int result) {
    if (result >= 0) return;
    throw Retry("deploy:unit",
                fmt::format("cannot {} {}: the system's D-Bus cannot be used: {} (package dbus; without systemd, use "
                            "post_hook instead)",
                            word_of(verb_), unit_, strerror(-result)));
  }

  void fail(const Error& error) {
    if (end_.is_set()) return;
    failure_ = error.in_context(Party::target, "");
    end_.set();
  }

  void take_result(std::string_view result) {
    // "skipped": there was nothing to do in the state that the unit is in.
    if (result == "done" || result == "skipped") {
      end_.set();
      return;
    }
    fail(Retry("deploy:unit", fmt::format("{} of {} ended as \"{}\": journalctl -u {} tells why", word_of(verb_), unit_,
                                          result, unit_)));
  }

  static int on_reply(sd_bus_message* reply, void* self_pointer, sd_bus_error*) noexcept {
    auto& self = *static_cast<UnitCall*>(self_pointer);
    if (const auto* error = sd_bus_message_get_error(reply)) {
      self.fail(error_of(self.unit_, self.verb_, error->name != nullptr ? error->name : "",
                         error->message != nullptr ? error->message : ""));
      return 0;
    }
    const char* job = nullptr;
    if (sd_bus_message_read(reply, "o", &job) < 0 || job == nullptr) {
      self.fail(
          Retry("deploy:unit", fmt::format("the service manager's answer about {} is not understood", self.unit_)));
      return 0;
    }
    self.job_ = job;
    if (const auto early = self.early_.find(self.job_); early != self.early_.end()) self.take_result(early->second);
    self.early_.clear();
    return 0;
  }

  /// The end of a job may be told before the reply that names it.
  static int on_job_removed(sd_bus_message* signal, void* self_pointer, sd_bus_error*) noexcept {
    auto& self = *static_cast<UnitCall*>(self_pointer);
    std::uint32_t id = 0;
    const char* job = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(signal, "uoss", &id, &job, &unit, &result) < 0) return 0;
    if (self.job_ == job) {
      self.take_result(result);
    } else if (self.job_.empty() && self.early_.size() < most_early_results) {
      self.early_.emplace(job, result);
    }
    return 0;
  }

  static int on_disconnected(sd_bus_message*, void* self_pointer, sd_bus_error*) noexcept {
    auto& self = *static_cast<UnitCall*>(self_pointer);
    self.fail(Retry("deploy:unit",
                    fmt::format("the connection to D-Bus ended during {} of {}", word_of(self.verb_), self.unit_)));
    return 0;
  }

  std::string unit_;
  UnitVerb verb_;
  sd_bus* bus_ = nullptr;
  std::string job_;
  std::map<std::string, std::string> early_;
  std::exception_ptr failure_;
  Event end_;
};

}  // namespace

Task<> tell_unit(std::string unit, UnitVerb verb, Duration limit) {
  UnitCall call(std::move(unit), verb);
  co_await call.run(limit);
}

}  // namespace acmed::deploy
