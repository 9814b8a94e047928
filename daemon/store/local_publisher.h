// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.h"
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
  /// What a look at many has in common.
  struct Look {
    Fd certificates;
    Fd live;
    std::map<KeyGroup, std::optional<gid_t>> groups;
  };
  bool are_in_order(Look& look, const Expected& expected);
  Published look_at(Look& look, const Expected& expected);

  const StateFolder& folder_;
  KeyGroups groups_;
};

}  // namespace acmed::store
