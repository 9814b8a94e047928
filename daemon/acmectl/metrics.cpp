// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"
#include "base/runtime/offload.h"
#include "daemon/acmectl/verbs.h"

namespace acmed::acmectl {
namespace {

/// node_exporter runs as a user of its own, and nothing in it is secret.
constexpr mode_t for_everybody = 0644;

}  // namespace

Task<int> metrics(Session* session, std::filesystem::path output) {
  auto text = co_await session->api.text("/metrics");
  if (output.empty()) {
    print(text);
  } else {
    co_await offload([output, text = std::move(text)] { files::write_durably(output, text, for_everybody); });
  }
  co_return exit_well;
}

}  // namespace acmed::acmectl
