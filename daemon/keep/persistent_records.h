// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Keeps the records of dns-persist-01 that journeys have published: renews each before its persistUntil, and lets go
/// of those that the configuration no longer wants; Leftovers removes these.
class PersistentRecords final : public Duty {
 public:
  explicit PersistentRecords(Kept& kept) : kept_(kept) {}

  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return kept_.state.persisting; }
  std::string name() const override { return "persist"; }
  std::string why_due() const override { return "the record by which the CA knows its names ends, or is not wanted"; }
  std::string failed() const override { return "the record that proves its names is not renewed"; }

 private:
  bool is_unwanted(const store::PersistentRecord& record) const;
  bool is_superseded(const store::PersistentRecord& record) const;
  Time renewal_of(const store::PersistentRecord& record) const;
  void renew_those_due();
  Task<> publish_newest();

  Kept& kept_;
};

}  // namespace acmed::keep
