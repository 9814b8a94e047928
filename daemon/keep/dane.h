// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"

namespace acmed::keep {

/// Since when an order for a certificate with the next key may be made: whatever a resolver has cached by then, it has
/// that key's TLSA records, so that services may switch to the key as soon as its certificate is there. Time::min()
/// when the certificate has no TLSA records, Time::max() while that is not known yet.
Time next_key_usable(const Kept& kept);

/// Keeps the TLSA records "3 1 1" of a certificate's keys in the DNS (RFC 6698, RFC 7671 §8.1): of the key in service,
/// of those that targets still serve, and of the next key, which is made ahead for that. A record is removed when no
/// service has had its key for as long as resolvers may know the record. Once a day, and when a person asks for
/// something, it looks whether they still stand there: one that somebody has removed or changed is put there again.
class Dane final : public Duty {
 public:
  explicit Dane(Kept& kept) : kept_(kept) {}

  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return kept_.state.dane_trouble; }
  std::string name() const override { return "dane"; }
  std::string why_due() const override;
  std::string failed() const override { return "TLSA records not up to date"; }
  std::string about() const override;
  bool only_looks() const override { return look_due() < change_due(); }

 private:
  Time change_due() const;
  Time look_due() const;
  Task<> look();
  bool is_settled() const;
  bool is_needed(const store::TlsaValue& value) const;
  bool is_known(const std::string& name, const std::string& value) const;
  Time removal(const store::TlsaValue& value) const;
  Task<> settle_keys();
  Task<> settle_next_key();
  Task<> place_missing();
  Task<> publish_missing();
  Task<> remove_superfluous();

  Kept& kept_;
  Time looked_{};  ///< when they were last seen to stand there; the epoch: not by this process
};

}  // namespace acmed::keep
