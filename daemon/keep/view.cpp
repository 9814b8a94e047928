// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/view.h"

#include <fmt/format.h>

#include <algorithm>

namespace acmed::keep {

std::string_view to_text(State state) {
  switch (state) {
    case State::working:
      return "working";
    case State::expired:
      return "expired";
    case State::failing:
      return "failing";
    case State::missing:
      return "missing";
    case State::waiting:
      return "waiting";
    case State::due:
      return "due";
    case State::valid:
      break;
  }
  return "valid";
}

namespace {

/// The links of this library do not reach the store's own look.
const store::Revocation* revoked(const store::Certificate& certificate, unsigned generation) {
  if (!certificate.revocations) return nullptr;
  const auto& all = *certificate.revocations;
  const auto found = std::ranges::find(all, generation, &store::Revocation::generation);
  return found == all.end() || !found->revoked ? nullptr : &*found;
}

}  // namespace

std::optional<RevokedView> revoked_view(const store::Certificate& certificate, unsigned generation) {
  const auto* found = revoked(certificate, generation);
  if (found == nullptr) return std::nullopt;
  return RevokedView{*found->revoked, found->reason, found->by_ca};
}

std::optional<WindowView> suggested_window(const store::Certificate& certificate) {
  const auto& plan = certificate.renewal;
  if (!plan || !plan->has_window()) return std::nullopt;
  return WindowView{plan->window_start, plan->window_end, plan->explanation_url};
}

std::string sentence_of(const store::Revocation& revocation) {
  const auto since = to_rfc3339(revocation.revoked.value_or(revocation.asked));
  return revocation.by_ca
             ? fmt::format("was revoked by its CA ({}) on {}: a new one is ordered", revocation.reason, since)
             : fmt::format("is revoked ({}) since {}, as was asked for: generation {}, serial {}", revocation.reason,
                           since, revocation.generation, revocation.serial);
}

std::optional<TroubleView> revoked_trouble(const store::Certificate& certificate) {
  const auto* found = certificate.issued ? revoked(certificate, certificate.issued->generation) : nullptr;
  if (found == nullptr || found->serial != certificate.issued->serial) return std::nullopt;
  return view_of(*found);
}

TroubleView view_of(const store::Revocation& revocation) {
  TroubleView view;
  view.what = revoked_what;
  view.sentence = sentence_of(revocation);
  if (!revocation.by_ca) view.sentence += ", and in service until another one is: that is ordered";
  view.cause = "certificate:revoked";
  view.party = Party::ca;
  view.since = revocation.revoked.value_or(revocation.asked);
  view.failures = 1;
  view.next_try = Time::max();
  return view;
}

TroubleView view_of(std::string what, const store::Trouble& trouble) {
  TroubleView view;
  view.what = std::move(what);
  view.sentence = trouble.sentence;
  view.cause = trouble.cause;
  view.party = trouble.party;
  view.since = trouble.since;
  view.failures = trouble.failures;
  view.next_try = trouble.next_try;
  return view;
}

}  // namespace acmed::keep
