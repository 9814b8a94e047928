// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "config/config.h"
#include "daemon/control/control.h"
#include "daemon/notify/notifier.h"
#include "daemon/service.h"
#include "daemon/store/publisher.h"
#include "daemon/store/store.h"

namespace acmed {

/// The running service: one Service after another, a new one for each valid configuration, and the notifications to the
/// service manager (sd_notify).
class Daemon final : public control::Subject {
 public:
  Daemon(Loop& loop, store::Store& store, store::Publisher& publisher, deploy::Actions& actions,
         std::filesystem::path config_file);

  /// Runs until cancelled.
  Task<> run(config::Config config);

  /// Reloads the configuration; an invalid one is reported and the old one stays in use.
  void request_reload() noexcept {
    reload_wanted_ = true;
    reload_.wake_all();
  }

  /// What examines certificates and what they need (POST /v1/doctor); to be set before run().
  void set_doctor(control::Doctor doctor) { doctor_ = std::move(doctor); }

  control::Keeping* keeping() override { return present_; }
  const config::Config* config() const override { return &told_; }
  Task<std::vector<config::Fault>> reload() override;
  const control::Doctor* doctor() const override { return doctor_ ? &doctor_ : nullptr; }

 private:
  Task<> keep(config::Config config);
  Task<std::optional<config::Config>> live_with(Service* service, bool is_first);
  Task<> await_configuration(Service* service, Scope* scope, std::optional<config::Config>* next);
  Task<std::optional<config::Config>> read_configuration(std::vector<config::Fault>* faults);
  void tell_of(const config::Config& config);

  Loop& loop_;
  store::Store& store_;
  store::Publisher& publisher_;
  deploy::Actions& actions_;
  std::filesystem::path config_file_;
  std::filesystem::path state_directory_;
  providers::NameServers servers_;
  control::Control control_;
  notify::Notifier notifier_;
  issue::Observers observers_;
  control::Doctor doctor_;
  Service* present_ = nullptr;
  config::Config told_;  ///< what the API tells of the configuration in force
  struct Reading {
    std::vector<config::Fault> faults;
    Event done;
  };
  std::shared_ptr<Reading> reading_ = std::make_shared<Reading>();  ///< the next one
  Waiters reload_;
  bool reload_wanted_ = false;
};

}  // namespace acmed
