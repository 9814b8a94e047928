// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/mends.h"

#include "daemon/doctor/line.h"
#include "tests/unit/catch.h"

namespace acmed::doctor {

SCENARIO("a cause that is known has a mend beside its sentence") {
  CHECK_THAT(std::string(mend_of("tsig:BADKEY")), Catch::Contains("tsig in [provider.NAME]"));
  CHECK(mend_of("tsig:BADTIME") != mend_of("tsig:BADKEY"));
  CHECK_FALSE(mend_of("tsig:somethingNew").empty());
  CHECK(mend_of("nothing:known").empty());
  const auto line = wrong("DNS", Refused("dns:REFUSED", "ns1 refuses"));
  CHECK(line.verdict == Verdict::wrong);
  CHECK(line.sentence == "ns1 refuses");
  CHECK_THAT(line.mend, Catch::Contains("update-policy"));
}

SCENARIO("a line is the same after it went to another process as JSON") {
  const Line line{"CA lab", Verdict::warning, "it offers no profile x", "profile = one of y", "cause:z"};
  const auto read = line_from_json(json::Value(to_json(line)));
  REQUIRE(read);
  CHECK(read->subject == line.subject);
  CHECK(read->verdict == line.verdict);
  CHECK(read->sentence == line.sentence);
  CHECK(read->mend == line.mend);
  CHECK(read->cause == line.cause);
  CHECK_FALSE(line_from_json(json::Value(json::Object{{"verdict", "fine"}})));
  CHECK(is_well({line}));
  CHECK_FALSE(is_well({line, {"x", Verdict::wrong, "y"}}));
}

}  // namespace acmed::doctor
