// SPDX-License-Identifier: Apache-2.0
#include "base/secret_forms.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/secret_list.h"
#include "tests/unit/catch.h"

namespace acmed {
namespace {

const std::string token = "cfTOKEN-abc/def+ghi&\"j_0123456789";

}  // namespace

SCENARIO("a secret is struck from a text in whatever usual form it stands there") {
  SecretList list;
  list.add(Secret(token), 10);
  const auto struck = [&list](const std::string& text) { return list.struck_from("said <" + text + ">"); };
  const std::string gone = "said <***>";
  CHECK(struck(token) == gone);
  CHECK(struck("63665" + hex(token).substr(5)) == gone);
  CHECK(struck("cfTOKEN-abc%2Fdef%2Bghi%26%22j_0123456789") == gone);
  CHECK(struck("cfTOKEN-abc%2fdef%2bghi%26%22j_0123456789") == gone);
  CHECK(struck("cfTOKEN-abc/def%2Bghi%26%22j_0123456789") == gone);
  CHECK(struck("cfTOKEN-abc/def+ghi&%22j_0123456789") == gone);
  CHECK(struck(R"(cfTOKEN-abc/def+ghi&\"j_0123456789)") == gone);
  CHECK(struck(R"(cfTOKEN-abc\/def+ghi&\"j_0123456789)") == gone);
  CHECK(struck(R"(cfTOKEN-abc/def+ghi\u0026\"j_0123456789)") == gone);
  CHECK(struck("cfTOKEN-abc/def+ghi&amp;&quot;j_0123456789") == gone);
  CHECK(struck("cfTOKEN-abc/def+\r\n  ghi&\"j_0123\t456789") == gone);
  CHECK(struck(R"(cfTOKEN-abc/def+\r\n  ghi&"j_0123\t456789)") == gone);
}

SCENARIO("base64 of a text with a secret in it shows no more of the secret than a character at each end decides") {
  SecretList list;
  list.add(Secret(token), 10);
  for (const std::string before : {"", "u", "us", "user:"}) {
    for (const std::string after : {"", "\n", "more"}) {
      for (const auto& text : {base64(before + token + after), base64url(before + token + after)}) {
        INFO(before << " " << after << " " << text);
        const auto clean = list.struck_from(text);
        REQUIRE_THAT(clean, Catch::Contains("***"));
        const auto around = base64(before).size() + base64(after).size();
        CHECK(clean.size() <= around + 3 + 4);
      }
    }
  }
}

SCENARIO("what only looks like a secret stays") {
  SecretList list;
  list.add(Secret("pass"), 10);
  list.add(Secret("word word"), 10);
  list.add(Secret(R"(C:\new\token)"), 10);
  CHECK(list.struck_from("pa ss the p a s s") == "pa ss the p a s s");
  CHECK(list.struck_from("pass it") == "*** it");
  CHECK(list.struck_from("word  word") == "***");
  CHECK(list.struck_from(R"(in C:\new\token or C: \new \token or C:\new\to)") == R"(in *** or *** or C:\new\to)");
  CHECK(list.struck_from("word by word") == "word by word");
}

SCENARIO("the forms of a secret are few, and none is so short that it stands in other words") {
  for (const std::string secret : {"abcd", token.c_str(), "\xc3\xa9t\xc3\xa9 2026"}) {
    const auto forms = usual_forms(secret);
    CHECK(forms.front() == secret);
    CHECK(forms.size() <= 20);
    CHECK(std::all_of(forms.begin() + 1, forms.end(), [](const std::string& form) { return form.size() >= 6; }));
  }
}

}  // namespace acmed
