// SPDX-License-Identifier: Apache-2.0
// What anybody can ask by TCP, and who may view by the socket: it is answered, and changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/unit/control/scene.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace acmed;
  static control::Scene scene;
  if (scene.kept.all.empty()) scene.kept.add("web").targets.push_back({"nginx", 1, true, {}});
  std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto take = [&octets] {
    const auto end = octets.find('\n');
    const auto part = octets.substr(0, end);
    octets = end == std::string_view::npos ? std::string_view() : octets.substr(end + 1);
    return std::string(part);
  };
  const auto method = take();
  const auto target = take();
  auto request = scene.request(method, target);
  request.headers["host"] = "localhost";
  request.headers["last-event-id"] = take();
  request.body = octets;
  request.peer = {};
  const auto answer = scene.ask(std::move(request));
  if (answer.status < 200 || answer.status > 599) std::abort();
  if (scene.reloads != 0 || !scene.kept.asked.empty()) std::abort();
  return 0;
}
