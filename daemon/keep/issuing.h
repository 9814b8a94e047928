// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"
#include "daemon/renew/fail_over.h"

namespace acmed::keep {

/// Obtains a certificate: the first one, a renewal, or a replacement when the configuration changed or the files of the
/// one in service cannot be used. Where the certificate names several CAs, each try asks them one after the other,
/// until one issues; see renew::is_for_the_next_ca().
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
  /// The pause that the CA asked for, or until its limits have room; with several CAs, the first to end where all of
  /// them are to be waited for. And the time that it takes until the key's TLSA records are known.
  std::optional<Wait> wait() const override;

 private:
  Task<> travel(issue::Authority* ca);
  Task<> become_open(issue::Authority* ca);
  void keep_appointment();
  Task<> ask_all(std::vector<renew::Refusal>* refusals);
  std::vector<issue::Authority*> in_turn() const;
  void take_up_order_at(const issue::AuthoritySettings& ca);
  bool is_current() const;
  bool is_to_be_replaced() const;
  bool is_of_other_profile() const;
  bool has_wanted_key() const;
  std::optional<Wait> pause_of(const issue::AuthoritySettings& ca) const;
  std::optional<Wait> lack_of_room(const issue::AuthoritySettings& ca) const;
  renew::CountedOrder counted(const issue::AuthoritySettings& ca) const;
  /// Whether it waits for its place now; none that was given before the clock was set back.
  bool is_before_appointment() const {
    return appointment_ && appointment_->made <= kept_.now() && kept_.now() < appointment_->wait.until;
  }
  bool is_expected() const { return appointment_ && appointment_->wait.until <= kept_.now(); }
  bool is_order_kept(const issue::AuthoritySettings& ca) const;
  std::optional<Wait> wait_for_cas() const;
  std::optional<Wait> wait_for_dane() const;
  unsigned generation() const { return kept_.state.issued ? kept_.state.issued->generation : 0; }

  Kept& kept_;
  Duty& leftovers_;
  Duty& recording_;
  struct Appointment {
    Wait wait;
    Time made;
  };
  Rare<Appointment> appointment_;  ///< when the limits of a CA have room for it
};

}  // namespace acmed::keep
