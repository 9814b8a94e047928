// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/view.h"

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
