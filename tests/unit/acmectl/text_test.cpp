// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/text.h"

#include "daemon/acmectl/toml_writer.h"
#include "tests/unit/catch.h"

namespace acmed::acmectl {

SCENARIO("columns are counted as a terminal does") {
  CHECK(columns_of("abc") == 3);
  CHECK(columns_of("äöü–█") == 5);
  CHECK(columns_of("日本") == 4);
  CHECK(columns_of("e\xcc\x81") == 1);  // with an accent that combines
  CHECK(columns_of("\xff\xc3") == 2);   // no UTF-8
  CHECK(padded("ä", 3) == "ä  ");
  CHECK(shortened("certificate", 6) == "certi…");
  CHECK(shortened("certificate", 11) == "certificate");
  CHECK(shortened("日本語", 4) == "日…");
}

SCENARIO("long sentences are broken at blanks") {
  CHECK(wrapped("one two three four five six seven", 24, 2) == "one two three four\n  five six seven");
  CHECK(wrapped(std::string(50, 'x'), 32, 2) == std::string(30, 'x') + "\n  " + std::string(20, 'x'));
  CHECK(wrapped("short", 80, 4) == "short");
}

SCENARIO("a bar is never empty while anything is left") {
  Style style;
  CHECK(bar(1, 4, style) == "████");
  CHECK(bar(0.01, 4, style) == "█░░░");
  CHECK(bar(0, 4, style) == "░░░░");
  style.unicode = false;
  CHECK(bar(0.5, 4, style) == "##..");
}

SCENARIO("colours are for terminals") {
  Style style;
  CHECK(coloured("failing", Colour::red, style) == "failing");
  style.colour = true;
  CHECK(coloured("failing", Colour::red, style) == "\x1b[31mfailing\x1b[0m");
  CHECK(coloured("failing", Colour::none, style) == "failing");
}

SCENARIO("what others said cannot change the terminal") {
  CHECK(clean("a\x1b[31mb\nc") == "a [31mb c");
}

SCENARIO("TOML is written so that it is read again as it was") {
  CHECK(in_toml(std::string_view("a\"b\\c\x01")) == R"("a\"b\\c\u0001")");
  CHECK(in_toml(std::chrono::minutes(90)) == "\"90m\"");
  CHECK(in_toml(std::chrono::hours(48)) == "\"2d\"");
  TomlWriter toml;
  toml.table({"ca", "my.ca"});
  toml.texts("contact", {"a", "b"});
  CHECK(toml.take() == "[ca.\"my.ca\"]\ncontact = [\"a\", \"b\"]\n");
}

}  // namespace acmed::acmectl
