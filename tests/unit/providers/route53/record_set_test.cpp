// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/record_set.h"

#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::providers;
using namespace acmed::providers::route53;
using namespace std::chrono_literals;

SCENARIO("names are read and written with octal escapes") {
  CHECK(name_text(dns::Name("*.Example.test")) == "\\052.example.test.");
  CHECK(name_in("\\052.example.test.") == dns::Name("*.example.test"));
  CHECK(name_in("_acme-challenge.example.test.") == dns::Name("_acme-challenge.example.test"));
  CHECK_FALSE(name_in("a\\056b.example.test."));  // a dot within a label
  CHECK_FALSE(name_in("a\\040b.example.test."));
  CHECK_FALSE(name_in("a\\"));
  CHECK_FALSE(name_in(""));
}

SCENARIO("listings are sorted by the labels in reverse, with their dots") {
  CHECK(sort_key("www.Example.com.") == "com.Example.www.");
  CHECK(sort_key("com") == "com.");
  CHECK(sort_key("a-b.example.com.") < sort_key("a.example.com."));  // '-' is before '.'
  CHECK(sort_key("example.com.") < sort_key("_acme-challenge.example.com."));
  CHECK(sort_key("_acme-challenge.www.example.com.") > sort_key("www.example.com."));
  CHECK(sort_key("\\052.example.com.") < sort_key("_acme-challenge.example.com."));
}

SCENARIO("sets are read and written as XML") {
  const auto page = xml::parse(R"(<?xml version="1.0"?>
<ResourceRecordSets xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
  <ResourceRecordSet><Name>_acme-challenge.example.test.</Name><Type>TXT</Type><TTL>300</TTL>
    <ResourceRecords><ResourceRecord><Value>"a &amp; &lt;b&gt;"</Value></ResourceRecord>
      <ResourceRecord><Value>"c  d"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
  <ResourceRecordSet><Name>x.example.test.</Name><Type>TXT</Type><SetIdentifier>1</SetIdentifier>
    <MultiValueAnswer>true</MultiValueAnswer><TTL>60</TTL>
    <ResourceRecords><ResourceRecord><Value>"v"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
</ResourceRecordSets>)");
  REQUIRE(page);
  REQUIRE(page->children.size() == 2);
  const auto plain = listed_set(page->children[0]);
  CHECK(plain.name == "_acme-challenge.example.test.");
  CHECK(plain.type == "TXT");
  CHECK(plain.plain);
  CHECK(plain.set == TxtSet{300s, {{"\"a & <b>\""}, {"\"c  d\""}}});
  CHECK_FALSE(listed_set(page->children[1]).plain);

  CHECK(
      xml::write(set_element(dns::Name("_acme-challenge.example.test"), dns::Type::txt, plain.set), "urn:x") ==
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ResourceRecordSet xmlns=\"urn:x\"><Name>_acme-challenge.example.test."
      "</Name><Type>TXT</Type><TTL>300</TTL><ResourceRecords><ResourceRecord><Value>\"a &amp; &lt;b&gt;\"</Value>"
      "</ResourceRecord><ResourceRecord><Value>\"c  "
      "d\"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>");
}

SCENARIO("what is no XML, or too deep, is not read") {
  CHECK_FALSE(xml::parse(""));
  CHECK_FALSE(xml::parse("not XML"));
  CHECK_FALSE(xml::parse("<a><b></a>"));
  CHECK_FALSE(xml::parse("<a>"));
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "<a>";
  for (int i = 0; i < 50'000; ++i) deep += "</a>";
  CHECK_FALSE(xml::parse(deep));
  CHECK((*xml::parse("<a><b>1</b><b>2</b></a>"))["b"].text == "1");
  CHECK((*xml::parse("<a/>"))["b"]["c"].text.empty());
}
