// SPDX-License-Identifier: Apache-2.0
// What root can ask by the socket: the path, the query and the body of a change. Nothing is done but what is asked for
// in so many words.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/unit/control/scene.h"

namespace {

/// What may come of it: each is about the one certificate, or the one CA.
bool is_known(std::string_view asked) {
  using namespace std::string_view_literals;
  constexpr std::array<std::string_view, 9> whole = {
      "attempt web"sv,      "attempt web by force"sv, "renew web"sv,      "renew web by force"sv, "deploy web"sv,
      "deploy web nginx"sv, "roll-key lab"sv,         "deactivate lab"sv, "create lab"sv};
  return std::ranges::find(whole, asked) != whole.end() || asked.starts_with("revoke web ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace acmed;
  static control::Scene scene;
  if (scene.kept.all.empty()) scene.kept.add("web").targets.push_back({"nginx", 1, true, {}});
  scene.kept.asked.clear();
  scene.reloads = 0;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto end = octets.find('\n');
  const std::string target(octets.substr(0, end));
  const std::string body(end == std::string_view::npos ? std::string_view() : octets.substr(end + 1));
  const auto answer = scene.ask("POST", target, body);
  if (answer.status < 200 || answer.status > 599) std::abort();
  if (answer.document.as_object() == nullptr) std::abort();
  const auto done = scene.kept.asked.size() + static_cast<std::size_t>(scene.reloads);
  // One request is one change at most, and what is refused changes nothing.
  if (done > (answer.status < 300 ? 1 : 0)) std::abort();
  if (!std::ranges::all_of(scene.kept.asked, is_known)) std::abort();
  // A body is empty or an object.
  if (done == 1 && !body.empty() && body.find('{') == std::string::npos) std::abort();
  return 0;
}
