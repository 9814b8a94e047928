// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Does on disk what could not be done when it was due (on a full disk, say): the state, the link in live/, the group
/// that may read the key.
class Recording final : public Duty {
 public:
  explicit Recording(Kept& kept) : kept_(kept) {}

  Time due() const override { return kept_.unrecorded ? Time::min() : Time::max(); }
  Task<> perform() override;
  /// Writes the state for another duty, which has done its part whether this succeeds or not: a failure is retried
  /// here.
  Task<> save();
  Rare<store::Trouble>& trouble() override { return trouble_; }
  std::string name() const override { return "record"; }
  std::string why_due() const override { return "what was done is to be written down"; }
  std::string failed() const override { return "done, but not all of it is on disk as it should be"; }

 private:
  Kept& kept_;
  Rare<store::Trouble> trouble_;  ///< in memory only: it cannot be written either
};

}  // namespace acmed::keep
