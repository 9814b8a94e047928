// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "daemon/issue/observer.h"

namespace acmed::control {

/// What is being done for certificates now, down to each name server; it remembers those in progress only.
class Progress final : public issue::Observer {
 public:
  explicit Progress(const Clock& clock) : clock_(clock) {}

  /// {"step": "propagation", "since": "…", "servers": [...]}; null when nothing is in progress.
  json::Value work_of(const std::string& certificate) const;
  /// The configuration was replaced: what was in progress is not any more.
  void forget() noexcept { work_.clear(); }

  void began(const std::string& certificate) override { enter(certificate, "start"); }
  void ended(const std::string& certificate) override { work_.erase(certificate); }
  void ordered(const std::string& certificate, const std::string&, const std::string&, std::size_t) override {
    enter(certificate, "publication");
  }
  void published(const std::string& certificate, std::size_t) override { enter(certificate, "propagation"); }
  void looked(const std::string& certificate, const std::vector<dns::ServerReport>& servers) override;
  void propagated(const std::string& certificate, Duration) override { enter(certificate, "validation"); }
  void validated(const std::string& certificate) override { enter(certificate, "issuance"); }
  void issued(const std::string& certificate, const std::string&, const store::Issued&) override {
    enter(certificate, "deployment");
  }

 private:
  struct Look {
    std::string server;
    std::string name;
    std::string says;
    bool ready = false;
    Time since{};
  };
  struct Work {
    std::string_view step;
    Time since{};
    std::vector<Look> servers;
  };
  void enter(const std::string& certificate, std::string_view step);

  const Clock& clock_;
  std::map<std::string, Work> work_;
};

}  // namespace acmed::control
