// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Obtains a certificate: the first one, a renewal, or a replacement when the configuration changed or the files of the
/// one in service cannot be used.
class Issuing final : public Duty {
 public:
  /// `leftovers`, `recording`: they remember what an issuance leaves behind.
  Issuing(Kept& kept, Duty& leftovers, Duty& recording) : kept_(kept), leftovers_(leftovers), recording_(recording) {}

  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return kept_.state.trouble; }
  std::string name() const override { return "issue"; }
  void want(bool wanted) noexcept override { kept_.renewal_wanted = wanted; }
  bool is_wanted() const noexcept override { return kept_.renewal_wanted; }
  std::string why_due() const override;
  std::string failed() const override { return "not issued"; }
  std::string about() const override;
  /// The pause that the CA asked for, and the time that it takes until the key's TLSA records are known.
  std::optional<Wait> wait() const override;

 private:
  Task<> travel();
  Task<bool> ca_is_open();
  bool is_current() const;
  std::optional<Time> closed_until() const;
  std::optional<Wait> wait_for_dane() const;
  unsigned generation() const { return kept_.state.issued ? kept_.state.issued->generation : 0; }
  const issue::AuthoritySettings& ca() const { return kept_.wanted.request.authority->settings(); }

  Kept& kept_;
  Duty& leftovers_;
  Duty& recording_;
};

}  // namespace acmed::keep
