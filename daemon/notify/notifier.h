// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "config/config.h"
#include "daemon/issue/observer.h"
#include "daemon/notify/message.h"
#include "daemon/notify/watched.h"
#include "daemon/store/store.h"

namespace acmed::notify {

/// Runs the programs of [notify]: of a trouble that lasts and of its end once each, also over restarts; of certificates
/// whose end comes near, or that their CA has revoked; of renewals. What happens within a few seconds is told in one
/// run. A program that fails is logged and run again later.
class Notifier final : public issue::Observer {
 public:
  /// `store` must outlive it.
  Notifier(Loop& loop, store::Store& store) : loop_(loop), store_(store) {}

  /// Another configuration is in force. `watched`: its certificates; null for none, until the next call.
  void use(config::Notify notify, Watched* watched);
  void forget_watched() noexcept { watched_ = nullptr; }

  /// Tells what there is to tell, until cancelled.
  Task<> run();
  /// Tells what there is to tell now. Throws Cancelled only.
  Task<> tell();

  void ended(const std::string& certificate) override;
  void issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) override;
  void revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) override;

 private:
  Task<> recall();
  Task<> tell_failures();
  void add_revoked(std::vector<Item>& items) const;
  Task<> tell_items(std::vector<std::string> argv, Event event, const std::vector<Item>* items);
  Task<> tell_successes();
  Task<bool> call(std::vector<std::string> argv, Event event, const std::vector<Item>& items);
  void wake() noexcept;

  Loop& loop_;
  store::Store& store_;
  config::Notify notify_;
  Watched* watched_ = nullptr;
  std::optional<std::vector<store::ToldTrouble>> told_;  ///< none: not read yet
  std::map<std::string, Time> renewed_;                  ///< with the new end; not told yet
  std::map<std::string, keep::TroubleView> revoked_;     ///< by their CA; not told yet
  std::optional<Time> next_;
  bool changed_ = false;
  Waiters change_;
};

}  // namespace acmed::notify
