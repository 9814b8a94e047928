// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/request_budget.h"

#include "tests/unit/catch.h"

using namespace acmed;
using acmed::providers::RequestBudget;
using namespace std::chrono_literals;

namespace {

const Moment start{1000s};

/// For how long the budget is closed when the only answer so far, at the start, had this header.
std::optional<Duration> closed_for(std::string_view header) {
  RequestBudget budget;
  budget.sent();
  budget.answered(header, start);
  const auto until = budget.closed_until(start);
  if (!until) return std::nullopt;
  return *until - start;
}

}  // namespace

SCENARIO("the budget is what Ratelimit says") {
  CHECK_FALSE(closed_for(R"("default";r=50;t=30)"));
  CHECK(closed_for(R"("default";r=0;t=30)") == 30s);
  CHECK(closed_for(R"("default"; r=0; t=30)") == 30s);
  CHECK(closed_for(R"("default";t=30;r=0)") == 30s);
  CHECK(closed_for(R"("burst";r=0;t=1, "default";r=0;t=30)") == 30s);
  CHECK(closed_for(R"("burst";r=7;t=1, "default";r=0;t=30)") == 30s);
  CHECK(closed_for(R"("default";r=0;t=99999999999)") == 24h);
  for (const auto* header : {"", "x", "\"default\"", "\"default\";r=0", "\"default\";r=-1;t=30", "\"default\";r=;t=3",
                             "\"default\";r=99999999999999999999;t=30", ";;;,,", "\"default\";rr=0;t=30"}) {
    INFO(header);
    CHECK_FALSE(closed_for(header));
  }
}

SCENARIO("requests use the budget up") {
  RequestBudget budget;
  CHECK_FALSE(budget.closed_until(start));
  budget.sent();
  budget.answered(R"("default";r=2;t=30)", start);

  WHEN("two more are under way") {
    budget.sent();
    CHECK_FALSE(budget.closed_until(start));
    budget.sent();
    CHECK(budget.closed_until(start) == start + 30s);
    THEN("the next one waits for the new window") {
      CHECK(budget.closed_until(start + 29s) == start + 30s);
      CHECK_FALSE(budget.closed_until(start + 30s));
    }
    THEN("an answer that may not have counted the other opens nothing") {
      budget.answered(R"("default";r=1;t=29)", start + 1s);
      CHECK(budget.closed_until(start + 1s) == start + 30s);
    }
    THEN("one without an answer is forgotten") {
      budget.given_up();
      budget.answered(R"("default";r=1;t=29)", start + 1s);
      CHECK_FALSE(budget.closed_until(start + 1s));
    }
    THEN("an answer of the new window counts anew, also without the header") {
      budget.answered(std::nullopt, start + 31s);
      CHECK_FALSE(budget.closed_until(start + 31s));
    }
  }
  WHEN("the API wants to be left alone") {
    budget.close_until(start + 300s);
    budget.close_until(start + 200s);
    THEN("that counts, whatever is left") {
      CHECK(budget.closed_until(start) == start + 300s);
      CHECK_FALSE(budget.closed_until(start + 300s));
    }
  }
}
