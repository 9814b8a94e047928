// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "tests/unit/catch.h"

using namespace acmed;

TEST_CASE("JSON is written without blanks, members in the order of their names") {
  const json::Value value = json::Object{
      {"z", json::Array{1, "two", 3.5, true, nullptr}}, {"a", std::int64_t{9007199254740993}}, {"m", json::Object{}}};
  CHECK(json::dump(value) == R"({"a":9007199254740993,"m":{},"z":[1,"two",3.5,true,null]})");
  CHECK(json::parse(json::dump(value)) == value);
  CHECK(json::parse(json::dump_readable(value)) == value);
}

TEST_CASE("every text survives, controls and other scripts included") {
  std::string text = "\"\\/\b\f\n\r\t\x01 \xc3\xa4 \xf0\x9f\x94\x91";
  text += '\0';
  CHECK(json::parse(json::dump(json::Value(text))) == json::Value(text));
  CHECK(json::parse(R"("\u00e4\ud83d\udd11")") == json::Value("\xc3\xa4\xf0\x9f\x94\x91"));
}

TEST_CASE("a member that is not there, or is something else, reads as nothing") {
  const auto value = *json::parse(R"({"a":{"b":[1,"x",2]},"n":null,"t":"text"})");
  CHECK(value["a"]["b"].elements().size() == 3);
  CHECK(value["a"]["b"].texts() == std::vector<std::string>{"x"});
  CHECK(value["a"]["no"]["such"].is_null());
  CHECK(value["t"]["no"].is_null());
  CHECK(value["t"].integer_or(7) == 7);
  CHECK(value["a"].text_or("otherwise") == "otherwise");
  CHECK(value["n"].elements().empty());
}

TEST_CASE("a byte order mark before JSON is passed over, once") {
  CHECK(json::parse("\xEF\xBB\xBF{\"a\":1}") == json::parse("{\"a\":1}"));
  CHECK(!json::parse("\xEF\xBB\xBF\xEF\xBB\xBF{}"));
  CHECK(!json::parse("\xEF\xBB\xBF"));
}

TEST_CASE("hostile nesting is refused, and costs no stack") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(json::parse(nested(64)));
  CHECK(!json::parse(nested(65)));
  CHECK(!json::parse(nested(1'000'000)));
  CHECK(!json::parse(std::string(1'000'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  CHECK(!json::parse(objects));
}

TEST_CASE("what is not UTF-8 is refused") {
  CHECK(!json::parse("\"\xff\""));
  CHECK(!json::parse("\"\xc3\""));
  CHECK(!json::parse("\"\xed\xa0\x80\""));
  CHECK(!json::parse(R"("\ud800")"));
}

TEST_CASE("what is no single JSON text is refused") {
  for (const auto* text : {"", " ", "{", "[1,]", "{\"a\":1,}", "{} {}", "nul", "'a'", "01", "1e999", "<html>"}) {
    INFO(text);
    CHECK(!json::parse(text));
  }
  CHECK(!json::parse(std::string_view("{}\0{", 4)));
  CHECK(json::parse(" {} \n"));
}

TEST_CASE("of a member that comes twice the last counts") {
  CHECK((*json::parse(R"({"a":1,"a":2})"))["a"].integer_or(0) == 2);
}

TEST_CASE("numbers beyond 64 bits are read as far as a double can") {
  CHECK(json::parse("9223372036854775807")->integer_or(0) == INT64_MAX);
  CHECK(json::parse("9223372036854775808")->as_integer() == nullptr);
}
