// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/store/records.h"

namespace acmed::deploy {

/// What is deployed: one generation of one certificate.
struct Generation : store::Generation {
  std::string certificate;     ///< the certificate's name
  std::filesystem::path live;  ///< live/NAME, the link that services read
};

/// A generation of a certificate at one of its targets. A process that has read the configuration and the store itself
/// needs only the names and the number of it.
struct Subject {
  config::Target target;
  Generation generation;
};

/// Shared: a hundred certificates may wait for one another.
using Subjects = std::vector<std::shared_ptr<const Subject>>;

/// Why a target's programs are run: its new pair is in place, or its former one again.
enum class Event { deploy, rollback };

}  // namespace acmed::deploy
