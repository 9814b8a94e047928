// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/character_string.h"

#include "tests/unit/catch.h"

using namespace acmed::providers;

SCENARIO("a value is quoted, and its quoted form stands for it") {
  CHECK(quoted_string("abc-_09") == R"("abc-_09")");
  CHECK(quoted_string(R"(a "b"\c)") == R"("a \"b\"\\c")");
  CHECK(quoted_string("") == R"("")");
  CHECK(quoted_string(std::string("\0\n\x7f\xff", 4)) == R"("\000\010\127\255")");

  std::string every;
  for (int c = 0; c < 255; ++c) every += static_cast<char>(c + 1);
  for (const std::string& value : {every, std::string(255, '\0'), std::string(R"(a "quoted"; \value\032 $x=y)")}) {
    CHECK(is_text(quoted_string(value), value));
    CHECK_FALSE(is_text(quoted_string(value), value + "x"));
  }
}

SCENARIO("content is compared in whatever form it is given") {
  CHECK(is_text("abc", "abc"));
  CHECK(is_text(R"("abc")", "abc"));
  CHECK(is_text(R"("ab" "c")", "abc"));
  CHECK(is_text("\"ab\"\t\"c\"", "abc"));
  CHECK(is_text(R"("ab""c")", "abc"));
  CHECK(is_text(R"("\097\b\c")", "abc"));
  CHECK(is_text(R"(a \"b\")", R"(a "b")"));
  CHECK(is_text(R"(a "b")", R"(a "b")"));
  CHECK(is_text(R"(a\032b)", "a b"));
  CHECK(is_text(R"(a\032b)", R"(a\032b)"));

  CHECK_FALSE(is_text("abc", "ABC"));
  CHECK_FALSE(is_text("a b", "ab"));
  CHECK_FALSE(is_text(R"("a b")", "ab"));
  CHECK_FALSE(is_text(R"("abc)", "abc"));
  CHECK_FALSE(is_text(R"("abc" ")", "abc"));
  CHECK_FALSE(is_text(R"("abc\")", "abc"));
  CHECK_FALSE(is_text(R"("abc\)", "abc"));
  CHECK_FALSE(is_text(R"("\999")", "\xe7"));
  CHECK_FALSE(is_text(R"("\1")", "1"));
  CHECK_FALSE(is_text("", "abc"));
}

SCENARIO("octets may be written in octal, as Route 53 does") {
  const auto quoted = [](std::string_view value) { return quoted_string(value, Escapes::octal); };
  const auto text = [](std::string_view content) { return text_in(content, Escapes::octal); };
  CHECK(quoted("plain-_+/=") == "\"plain-_+/=\"");
  CHECK(quoted("a \"b\" \\c") == R"("a \"b\" \\c")");
  CHECK(quoted("\t\xc3\xa9\x7f") == R"("\011\303\251\177")");
  CHECK(text(R"("\011\303\251\177")") == "\t\xc3\xa9\x7f");
  CHECK(text(R"("a \"b\" \\c")") == "a \"b\" \\c");
  CHECK(text(R"("a" "b"  "c")") == "abc");
  CHECK(text(R"("")") == "");
  CHECK(text(R"("\052x\9\5")") == "*x95");  // three octal digits, or the character itself
  CHECK(text(R"("\777")") == "777");        // more than an octet
  for (const char* wrong : {R"("open)", R"("a"b)", R"("a"\b)", R"("open\)"}) CHECK_FALSE(text(wrong));
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  CHECK(text(quoted(all.substr(0, 255))) == all.substr(0, 255));
  CHECK(text(quoted(all.substr(1))) == all.substr(1));
}
