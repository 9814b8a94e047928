// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Asks the CA when it suggests to renew the certificate in service (RFC 9773), and chooses a time in the window that
/// it suggests: Issuing is due then. A CA that does not say is asked again later; that is no trouble of the
/// certificate.
class RenewalInformation final : public Duty {
 public:
  explicit RenewalInformation(Kept& kept) : kept_(kept) {}

  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return trouble_; }
  std::string name() const override { return "renewal_information"; }
  bool only_looks() const override { return true; }
  std::string why_due() const override { return "the CA may suggest another time for the renewal"; }
  std::string failed() const override { return "not known when the CA suggests to renew"; }

 private:
  issue::Authority& ca() const { return kept_.issuer(); }
  Task<std::string> certificate_id() const;
  Task<> ask();

  Kept& kept_;
  Rare<store::Trouble> trouble_;  ///< never one
};

}  // namespace acmed::keep
