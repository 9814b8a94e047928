// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"
#include "daemon/keep/recording.h"

namespace acmed::keep {

/// Looks once a day whether the CA's list (CRL) says that the certificate in service is revoked, where it names such a
/// list; sooner when the CA suggests to have renewed it already. When it last looked is kept, so that neither a restart
/// nor --once looks more often; a person who asks for something has it looked at when it is due, at once. Issuing is
/// due at once when it is revoked. A list that cannot be had is looked for again later; that is no trouble of the
/// certificate.
class RevocationCheck final : public Duty {
 public:
  /// `recording` remembers failures to write the state.
  RevocationCheck(Kept& kept, Recording& recording) : kept_(kept), recording_(recording) {}

  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return trouble_; }
  std::string name() const override { return "revocation_check"; }
  bool only_looks() const override { return true; }
  std::string why_due() const override { return "the CA may have revoked it"; }
  std::string failed() const override { return "not known whether it is revoked"; }

 private:
  Time first_look() const;
  Task<> look();
  void note(std::string reason, Time revoked);

  Kept& kept_;
  Recording& recording_;
  unsigned looked_at_ = 0;        ///< the generation that `next_look_` is for
  Time next_look_{};              ///< Time::max(): it names no list
  Rare<store::Trouble> trouble_;  ///< never one
};

}  // namespace acmed::keep
