// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "config/config.h"
#include "daemon/service.h"
#include "daemon/store/publisher.h"
#include "daemon/store/store.h"

namespace acmed {

/// The running service: one Service after another, a new one for each valid configuration, and the notifications to the
/// service manager (sd_notify).
class Daemon {
 public:
  Daemon(Loop& loop, store::Store& store, store::Publisher& publisher, deploy::Actions& actions,
         std::filesystem::path config_file);

  /// Runs until cancelled.
  Task<> run(config::Config config);

  /// Reloads the configuration; an invalid one is reported and the old one stays in use.
  void reload() noexcept {
    reload_wanted_ = true;
    reload_.wake_all();
  }

 private:
  Task<std::optional<config::Config>> live_with(Service* service, bool is_first);
  Task<> await_configuration(Service* service, Scope* scope, std::optional<config::Config>* next);
  Task<std::optional<config::Config>> read_configuration();

  Loop& loop_;
  store::Store& store_;
  store::Publisher& publisher_;
  deploy::Actions& actions_;
  std::filesystem::path config_file_;
  std::filesystem::path state_directory_;
  providers::NameServers servers_;
  Waiters reload_;
  bool reload_wanted_ = false;
};

}  // namespace acmed
