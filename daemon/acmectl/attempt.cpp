// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/attempt.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/acmectl/text.h"

namespace acmed::acmectl {
namespace {

constexpr std::size_t side_by_side = 32;
constexpr Duration first_pause = std::chrono::milliseconds(50);
constexpr Duration longest_pause = std::chrono::seconds(1);

std::string path_of(const std::string& name) {
  return "/v1/certificates/" + in_path(name);
}

Task<> attempt_one(Api* api, std::string name, bool force, std::vector<std::string>* troubles) {
  const auto begun = co_await api->post(path_of(name) + "/attempt", json::Object{{"force", force}});
  const auto operation = "/v1/operations/" + in_path(begun["id"].text_or());
  auto state = begun["state"].text_or();
  for (Duration pause = first_pause; state == "running"; pause = std::min(2 * pause, longest_pause)) {
    co_await sleep_for(pause);
    state = (co_await api->get(operation))["state"].text_or();
  }
  const auto certificate = co_await api->get(path_of(name));
  for (const auto& trouble : certificate["troubles"].elements()) {
    const auto next = trouble["next_try"].text_or();
    troubles->push_back(fmt::format("{}: {}{}", clean(name), clean(trouble["sentence"].text_or()),
                                    next.empty() ? "" : fmt::format(" (next try {})", clean(next))));
  }
}

/// Those that there is something to do for.
std::vector<std::string> names_in(const json::Value& list) {
  std::vector<std::string> names;
  for (const auto& each : list["certificates"].elements()) {
    const bool is_idle = each["state"].text_or() == "valid" && each["troubles"].elements().empty();
    if (!is_idle) names.push_back(each["name"].text_or());
  }
  return names;
}

}  // namespace

Task<Attempted> attempt_all(Api* api, std::vector<std::string> names, bool force) {
  Attempted attempted;
  attempted.certificates = names.size();
  if (names.empty()) {
    const auto list = co_await api->get("/v1/certificates");
    attempted.certificates = list["certificates"].elements().size();
    names = names_in(list);
  }
  for (std::size_t i = 0; i < names.size(); i += side_by_side) {
    std::vector<Task<>> work;
    for (auto j = i; j < std::min(i + side_by_side, names.size()); ++j) {
      work.push_back(attempt_one(api, names[j], force, &attempted.troubles));
    }
    co_await when_all(std::move(work));
  }
  co_return attempted;
}

}  // namespace acmed::acmectl
