// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Withdraws TXT values that a journey left in the DNS.
class Leftovers final : public Duty {
 public:
  explicit Leftovers(Kept& kept) : kept_(kept) {}

  Time due() const override { return kept_.state.values.empty() ? Time::max() : Time::min(); }
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return kept_.state.leftover; }
  std::string failed() const override { return "TXT values are still in the DNS"; }

 private:
  Kept& kept_;
};

}  // namespace acmed::keep
