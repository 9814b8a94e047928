// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/keep/view.h"
#include "daemon/notify/watched.h"
#include "daemon/store/records.h"

namespace acmed::notify {

/// What is told of one certificate: a trouble, its end, or that its own end comes near.
struct Item {
  std::string certificate;
  keep::TroubleView trouble;  ///< `what` is "end" for a certificate whose own end comes near
  std::optional<Time> not_after;
};

/// What operators want to know and were not told yet.
struct News {
  std::vector<Item> failing;    ///< for longer than they want to wait for it to go away
  std::vector<Item> revoked;    ///< by their CA: told at once, though another one may be there in a moment
  std::vector<Item> ending;     ///< nobody has renewed them in time
  std::vector<Item> recovered;  ///< from what was told
  std::optional<Time> next;     ///< when there will be more, if nothing changes
};

/// `told`: what they were told already and is not over. A trouble is told once, and its end once.
News news_of(Watched& watched, const std::vector<store::ToldTrouble>& told, const config::Notify& notify, Time now);

/// `items` are told.
void add_told(std::vector<store::ToldTrouble>& told, const std::vector<Item>& items);
/// That they are over is told.
void remove_told(std::vector<store::ToldTrouble>& told, const std::vector<Item>& items);

}  // namespace acmed::notify
