// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/deploy/subject.h"

namespace acmed::deploy {

/// Throws Refused ("deploy:pair") unless the generation's files are what they should be: the chain begins with the
/// certificate, the key is that certificate's, and its names are those that the generation is for. Takes about a
/// millisecond.
void require_pair(const Generation& generation);

}  // namespace acmed::deploy
