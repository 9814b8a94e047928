// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "daemon/store/records.h"

/// What is told of a certificate to those who only look: plain data, made when somebody asks.
namespace acmed::keep {

/// In one word, the worst first. `working`: something is being done for it; `expired`: what is in service has ended;
/// `failing`: a duty failed and will be retried; `missing`: there is none yet; `waiting`: it is due, but its CA asked
/// to be left alone, or what is remembered of it is not read yet.
enum class State { working, expired, failing, missing, waiting, due, valid };
inline constexpr State all_states[] = {State::working, State::expired, State::failing, State::missing,
                                       State::waiting, State::due,     State::valid};
std::string_view to_text(State state);

/// What failed and is retried.
struct TroubleView {
  std::string
      what;  ///< "issue", "persist", "withdraw", "record", "load", "dane", "revoke", "revoked" or "deploy:TARGET"
  std::string sentence;
  std::string cause;
  std::optional<Party> party;  ///< none: of a version that did not store it
  Time since{};
  unsigned failures = 0;
  Time next_try{};
};

/// Since when a generation is revoked, and why.
struct RevokedView {
  Time at{};
  std::string reason;  ///< as RFC 5280 §5.3.1 spells it
  bool by_ca = false;  ///< nobody here asked for it
};
/// Nothing when that generation is not revoked.
std::optional<RevokedView> revoked_view(const store::Certificate& certificate, unsigned generation);
/// In words, after the certificate's name: "was revoked by its CA (keyCompromise) on ...: a new one is ordered".
std::string sentence_of(const store::Revocation& revocation);

/// The generation in service.
struct LiveView {
  unsigned generation = 0;
  std::string serial;
  Time not_before{};
  Time not_after{};
  std::optional<RevokedView> revoked = {};
};

/// What is done next, and when.
struct NextView {
  std::string what;  ///< as in TroubleView, and "renew" for "issue" where there is a certificate already
  Time at{};         ///< in the past: at once
  std::string because;
};

/// When the CA suggests to renew what is in service (RFC 9773 §4.2).
struct WindowView {
  Time start{};
  Time end{};
  std::string explanation_url;  ///< why, for people; empty for none
};
/// Nothing while it suggests nothing.
std::optional<WindowView> suggested_window(const store::Certificate& certificate);

TroubleView view_of(std::string what, const store::Trouble& trouble);
/// TroubleView::what of a generation in service that is revoked.
inline constexpr std::string_view revoked_what = "revoked";
/// That the generation in service is revoked; nothing when it is not.
std::optional<TroubleView> revoked_trouble(const store::Certificate& certificate);
/// The same of that revocation, whatever is in service.
TroubleView view_of(const store::Revocation& revocation);

struct TargetView {
  std::string name;
  unsigned generation = 0;  ///< that it took last; 0 for none
  bool in_step = false;     ///< it has what is in service, in the way that the configuration says
  std::optional<TroubleView> trouble;
};

struct CertificateView {
  std::string name;
  std::vector<std::string> domains;
  std::string ca;
  std::string key_type;
  State state = State::waiting;
  std::optional<LiveView> live;
  std::optional<NextView> next;
  std::optional<WindowView> suggested_window;
  std::optional<Time> renewal;        ///< when a new one is ordered, retries included
  std::vector<TroubleView> troubles;  ///< the one that matters most first
  std::vector<TargetView> targets;
};

}  // namespace acmed::keep
