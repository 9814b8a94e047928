// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <vector>

#include "base/crypto/x509.h"
#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"
#include "daemon/keep/recording.h"

namespace acmed::keep {

/// A revocation that somebody asks for.
struct RevocationWish {
  unsigned generation = 0;  ///< 0: the one in service
  std::string reason;       ///< as RFC 5280 §5.3.1 spells it
  bool after_next = false;  ///< not before another one is in service, and at all targets
};

/// Has generations revoked by their CA (RFC 8555 §7.6). What was asked for is on disk before the CA hears of it, and is
/// gone on with after a restart; what the CA refuses is given up. When the one in service is revoked, Issuing is due at
/// once, and is first where that was asked for.
class Revoking final : public Duty {
 public:
  /// `recording` remembers failures to write the state.
  Revoking(Kept& kept, Recording& recording) : kept_(kept), recording_(recording) {}

  /// Writes down what somebody asks for. Throws Error when that is not possible, or there is no such generation.
  Task<> take(RevocationWish wish);

  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return kept_.state.revoking; }
  std::string name() const override { return "revoke"; }
  void want(bool wanted) noexcept override { is_wanted_ = wanted; }
  bool is_wanted() const noexcept override { return is_wanted_; }
  std::string why_due() const override { return "somebody asked for it"; }
  std::string failed() const override { return "not revoked"; }
  std::string about() const override;
  /// For the next generation, while somebody waits for it.
  std::optional<Wait> wait() const override;

 private:
  Task<crypto::Certificate> leaf_of(unsigned number);
  bool is_ready(const store::Revocation& revocation) const;
  std::vector<store::Revocation> ready() const;
  Task<> revoke(store::Revocation revocation);

  Kept& kept_;
  Recording& recording_;
  bool is_wanted_ = false;
};

/// Keeps the number of remembered revocations within bounds.
void forget_oldest(std::vector<store::Revocation>& revocations);

}  // namespace acmed::keep
