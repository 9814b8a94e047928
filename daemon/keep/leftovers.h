// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Withdraws TXT values that a journey left in the DNS.
class Leftovers final : public Duty {
 public:
  explicit Leftovers(Kept& kept) : kept_(kept) {}

  /// Values that the CA is still to look at stay as long as their order lives.
  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return kept_.state.leftover; }
  std::string name() const override { return "withdraw"; }
  std::string why_due() const override { return "TXT values are to be removed from the DNS"; }
  std::string failed() const override { return "TXT values are not known to be gone from the DNS"; }

 private:
  Kept& kept_;
};

}  // namespace acmed::keep
