// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "config/load.h"
#include "daemon/acmectl/render.h"
#include "daemon/acmectl/verbs.h"
#include "daemon/doctor/doctor.h"
#include "daemon/state_owner.h"

namespace acmed::acmectl {
namespace {

using namespace std::chrono_literals;

/// A hundred names, some of whose servers do not answer.
constexpr Duration longest_examination = 10min;

std::vector<doctor::Line> lines_in(const json::Value& answer) {
  const auto& array = answer.as_array() != nullptr ? *answer.as_array() : answer["lines"].elements();
  std::vector<doctor::Line> lines;
  for (const auto& value : array) {
    if (auto line = doctor::line_from_json(value)) lines.push_back(*std::move(line));
  }
  return lines;
}

}  // namespace

Task<int> examine(Session* session, std::string name, bool touch_dns) {
  std::vector<doctor::Line> lines;
  std::string fault;
  try {
    json::Object body{{"touch_dns", touch_dns}};
    body.emplace("name", name.empty() ? json::Value() : json::Value(name));
    const auto answer = co_await session->api.post("/v1/doctor", std::move(body), longest_examination);
    lines = lines_in(answer);
  } catch (const Error& error) {
    if (error.cause() != no_daemon) throw;
    fault = error.what();
  }
  if (!fault.empty()) {
    // With the rights of acmed itself: what root may do says nothing about it.
    become_owner_of(config::state_directory_of(session->config_file));
    lines = co_await doctor::examine(&session->loop, session->config_file, {name, touch_dns});
    lines.insert(lines.begin(), doctor::Line{"acmed", doctor::Verdict::warning, fault});
  }
  if (session->json) {
    json::Array array;
    for (const auto& line : lines) array.emplace_back(to_json(line));
    print(json::dump_readable(json::Value(std::move(array))));
  } else {
    print(render_lines(lines, session->style));
  }
  co_return doctor::is_well(lines) ? exit_well : exit_failing;
}

}  // namespace acmed::acmectl
