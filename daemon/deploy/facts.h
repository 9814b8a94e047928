// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/deploy/subject.h"

namespace acmed::deploy {

/// What a target's programs are told. The paths are those of the target's own copies, or those in live/ for what it has
/// no copy of.
struct Facts {
  /// "ACMED_NAME=corp" and so on. What is about one certificate is there only when the run is for one; the names of all
  /// are in ACMED_CERTIFICATES.
  std::vector<std::string> environment;
  /// The same as one JSON object; its member "certificates" has an object for each subject.
  std::string json;
};

/// `subjects`: at least one.
Facts facts_for(const Subjects& subjects, Event event);

}  // namespace acmed::deploy
