// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/store/key_group.h"
#include "daemon/store/publisher.h"
#include "daemon/store/state_folder.h"

namespace acmed::store {

/// live/ of the state directory, whose links lead to the generations in certificates/. A generation that the store
/// keeps elsewhere is written there first.
class LocalPublisher final : public Publisher {
 public:
  /// `folder` must outlive it.
  explicit LocalPublisher(const StateFolder& folder) : folder_(folder) {}

  Task<> publish(std::string name, Generation generation, KeyGroup key_group) override;
  Task<> grant_key(std::string name, unsigned generation, KeyGroup key_group) override;
  Task<std::optional<unsigned>> published(std::string name) override;
  Task<std::vector<Published>> look(std::vector<Expected> expected) override;
  std::filesystem::path path(const std::string& name) const override { return folder_.live(name); }

 private:
  Published look_at(const Expected& expected, KeyGroups& groups) const;

  const StateFolder& folder_;
};

}  // namespace acmed::store
