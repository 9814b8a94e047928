// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Writes to disk what could not be written when it happened (on a full disk, say): the state and the link in live/.
class Recording final : public Duty {
 public:
  explicit Recording(Kept& kept) : kept_(kept) {}

  Time due() const override { return kept_.unrecorded ? Time::min() : Time::max(); }
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return trouble_; }
  std::string name() const override { return "record"; }
  std::string why_due() const override { return "what was done is to be written down"; }
  std::string failed() const override { return "done, but that could not be written down"; }

 private:
  Kept& kept_;
  Rare<store::Trouble> trouble_;  ///< in memory only: it cannot be written either
};

}  // namespace acmed::keep
