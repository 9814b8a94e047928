// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/event_stream.h"

#include "tests/unit/catch.h"

namespace acmed::acmectl {
namespace {

std::string text_of(const std::vector<ServerEvent>& events) {
  std::string text;
  for (const auto& event : events) text += event.id + "|" + event.type + "|" + event.data + ";";
  return text;
}

}  // namespace

SCENARIO("server-sent events are read wherever the stream is cut") {
  const std::string stream = ": ping\n\nid: 7\nevent: issued\ndata: {\"a\":\ndata: 1}\n\nid: 8\r\ndata:x\r\n\r\n";
  EventStream whole;
  CHECK(text_of(whole.feed(stream)) == "7|issued|{\"a\":\n1};8||x;");
  CHECK(whole.last_id() == "8");
  EventStream cut;
  std::string text;
  for (const char octet : stream) text += text_of(cut.feed({&octet, 1}));
  CHECK(text == "7|issued|{\"a\":\n1};8||x;");
}

SCENARIO("a stream without end or line ends takes a limited amount of memory") {
  EventStream stream;
  for (int i = 0; i < 100; ++i) CHECK(stream.feed("data: " + std::string(10'000, 'x')).empty());
  const auto events = stream.feed("\n\n");
  CHECK((events.empty() || events.front().data.size() <= 300'000));
}

}  // namespace acmed::acmectl
