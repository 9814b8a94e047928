// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "daemon/control/keeping.h"
#include "daemon/issue/observer.h"

namespace acmed::control {

/// What somebody asked for, with the steps that were made since; the latest that have ended are kept.
class Operations final : public issue::Observer {
 public:
  explicit Operations(const Clock& clock) : clock_(clock) {}

  /// Begins one; returns its identifier, or that of one in progress that does the same: `detail` tells them apart.
  /// `is_new` says which. Throws ProblemResponse (429) when too many are in progress.
  /// `certificate`: empty for what is about the account at the CA that `detail` names.
  std::string begin(const std::string& what, const std::string& certificate, const std::string& detail, bool* is_new);
  void end(const std::string& id, const Outcome& outcome);

  /// Null when it is not known.
  json::Value json_of(const std::string& id) const;

  void ordered(const std::string& certificate, const std::string& ca, const std::string& order_url,
               std::size_t names) override;
  void published(const std::string& certificate, std::size_t values) override;
  void looked(const std::string& certificate, const std::vector<dns::ServerReport>& servers) override;
  void propagated(const std::string& certificate, Duration after) override;
  void validated(const std::string& certificate) override;
  void issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) override;
  void deployed(const std::string& certificate, const std::string& target) override;
  void revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) override;
  void rolled_back(const std::string& certificate, const std::string& target, unsigned generation) override;
  void failed(const std::string& certificate, const std::string& what, const Error& error, Time next_try) override;

 private:
  struct Step {
    std::string_view step;
    std::string sentence;
    Time at{};
    Duration took{};
  };
  struct Operation {
    std::string id;
    std::string what;
    std::string certificate;
    std::string detail;
    Time since{};
    std::optional<Time> ended;
    Moment latest{};  ///< when its latest step was made
    std::vector<Step> steps;
    std::size_t servers = 0;
    Outcome failures;
  };
  void add(const std::string& certificate, std::string_view step, const std::string& sentence);
  void drop_oldest();

  const Clock& clock_;
  std::uint64_t begun_ = 0;
  std::list<Operation> operations_;  ///< oldest first
  std::map<std::string, std::list<Operation>::iterator> by_id_;
  std::multimap<std::string, std::list<Operation>::iterator> in_progress_;  ///< by certificate
};

}  // namespace acmed::control
