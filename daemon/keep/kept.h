// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/deploy/deploy.h"
#include "daemon/issue/journey.h"
#include "daemon/renew/ledger.h"
#include "daemon/store/records.h"

namespace acmed::keep {

/// What one certificate is to be.
struct Wanted {
  issue::Request request;
  std::optional<double> renew;  ///< the fraction of life left at which it is renewed
  std::vector<config::Target> targets;
};

/// One certificate that is kept: what it is to be, what is remembered of it, and what its duties share.
struct Kept {
  issue::JourneyContext& context;
  renew::Ledger& ledger;
  Wanted wanted;
  store::Certificate state{};
  bool loaded = false;
  bool damaged = false;     ///< the files of the certificate in service cannot be used
  bool unrecorded = false;  ///< the disk lacks something of `state`, or live/ does not follow it
  bool asked = false;       ///< the present attempt: for by a person or a timer

  const std::string& name() const noexcept { return wanted.request.name; }
  Time now() const { return context.loop.clock().now(); }
  Task<> save();

  /// The end of the certificate that can be used meanwhile; nothing when there is none.
  std::optional<Time> end_in_service() const;
  /// What is told to targets of that generation.
  Task<deploy::Generation> generation(unsigned number);

  /// What is remembered of the target; null when nothing is.
  const store::Deployment* deployment(const config::Target& target) const;
  /// Whether the target once took an earlier generation, which it has or may have again.
  bool has_former_pair(const config::Target& target) const;
  /// Whether an earlier generation is still worth going back to.
  bool is_worth_keeping(const store::Deployment& former) const;
  /// What is left of a certificate's life when it is no longer worth going back to.
  Duration shortest_use() const;
  /// A target that reads live/ and failed has put the link back: it goes forward again when that target is tried again,
  /// or when the former certificate ends.
  bool live_was_rolled_back() const;
  /// Puts the generation that was issued last in service, unless a target's failure holds it back.
  Task<> settle_live();
  std::set<unsigned> needed_generations() const;
};

}  // namespace acmed::keep
