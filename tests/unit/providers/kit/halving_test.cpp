// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/halving.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/error.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::providers;
using Items = std::vector<int>;
using Left = std::vector<std::pair<int, std::string>>;

namespace {

/// Takes batches without the items in `bad`.
struct Operator {
  std::set<int> bad;
  bool closed = false;
  std::vector<Items> sent{};

  Task<std::optional<std::string>> send(Items items) {
    sent.push_back(items);
    if (closed) throw Retry("test:closed", "closed");
    for (const int item : items) {
      if (bad.contains(item)) co_return "no " + std::to_string(item);
    }
    co_return std::nullopt;
  }
};

Left send(Operator& to, Items items) {
  Loop loop;
  return run(loop,
             send_by_halves<std::string>(std::move(items), [&to](Items some) { return to.send(std::move(some)); }));
}

}  // namespace

SCENARIO("a refused batch is halved until only the refused items are left") {
  WHEN("none is refused") {
    Operator all;
    CHECK(send(all, {1, 2, 3}).empty());
    CHECK(all.sent == std::vector<Items>{{1, 2, 3}});
  }
  WHEN("there is none") {
    Operator all;
    CHECK(send(all, {}).empty());
    CHECK(all.sent.empty());
  }
  WHEN("one of many is") {
    Operator most{{3}};
    CHECK(send(most, {1, 2, 3, 4, 5, 6, 7, 8}) == Left{{3, "no 3"}});
    CHECK(most.sent ==
          std::vector<Items>{{1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3, 4}, {1, 2}, {3, 4}, {3}, {4}, {5, 6, 7, 8}});
  }
  WHEN("all are") {
    Operator none{{1, 2, 3}};
    CHECK(send(none, {1, 2, 3}) == Left{{1, "no 1"}, {2, "no 2"}, {3, "no 3"}});
    CHECK(none.sent.size() == 5);
  }
  WHEN("what is wrong concerns all") {
    Operator closed{{}, true};
    CHECK_THROWS_AS(send(closed, {1, 2, 3}), Retry);
    CHECK(closed.sent.size() == 1);
  }
}
