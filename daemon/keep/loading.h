// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// What is remembered of a certificate, and what is in service.
struct Found {
  store::Loaded remembered;
  store::Published published;
};

/// Reads the store and live/ for many certificates in one go, in the order of `wanted`, whose generations are not known
/// yet.
Task<std::vector<Found>> find(issue::JourneyContext& context, std::vector<store::Expected> wanted);

/// Loads what is remembered and compares it with reality: live/, the files of the generation in service, those at the
/// targets. The first duty of all: nothing else is done before it succeeds.
class Loading final : public Duty {
 public:
  explicit Loading(Kept& kept) : kept_(kept) {}

  Time due() const override { return kept_.loaded ? Time::max() : Time::min(); }
  Task<> perform() override;

  /// Supplies what find() has just read. True when that is all: nothing is to be put right, and no target to be looked
  /// at; so it is with nearly all certificates of a host. Else perform() goes on with it.
  bool found(Found found);

  Rare<store::Trouble>& trouble() override { return trouble_; }
  std::string name() const override { return "load"; }
  std::string why_due() const override { return "what is remembered of it is read"; }
  std::string failed() const override { return "its state is not readable"; }

 private:
  bool is_all_well(const Found& found) const;
  void take(store::Certificate remembered);
  Task<> compare(std::optional<unsigned> live, std::optional<std::string> fault);
  Task<> look_at_target(const config::Target* target);

  Kept& kept_;
  std::unique_ptr<Found> ahead_;
  Rare<store::Trouble> trouble_;  ///< in memory only: there is no state to keep it in
};

}  // namespace acmed::keep
