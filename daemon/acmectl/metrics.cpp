// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/runtime/offload.h"
#include "daemon/acmectl/verbs.h"

namespace acmed::acmectl {
namespace {

/// node_exporter runs as a user of its own, and nothing in it is secret.
constexpr mode_t for_everybody = 0644;

/// Throws Refused where no file can be: a timer's mistake is told before the daemon is asked.
void require_place(const std::filesystem::path& output) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(output, error).parent_path();
  if (std::filesystem::is_directory(output, error) || !output.has_filename()) {
    throw Refused("control:output", fmt::format("--output wants a file: {} is a folder", output.string()));
  }
  if (!std::filesystem::is_directory(folder, error)) {
    throw Refused("control:output",
                  fmt::format("{} cannot be written: there is no folder {}", output.string(), folder.string()));
  }
}

}  // namespace

Task<int> metrics(Session* session, std::filesystem::path output) {
  if (!output.empty()) require_place(output);
  auto text = co_await session->api.text("/metrics");
  if (output.empty()) {
    print(text);
  } else {
    co_await offload([output, text = std::move(text)] { files::write_durably(output, text, for_everybody); });
  }
  co_return exit_well;
}

}  // namespace acmed::acmectl
