// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/secret_file.h"

#include "base/runtime/offload.h"
#include "base/trusted_path.h"

namespace acmed::providers::route53 {
namespace {

constexpr std::size_t largest_file = std::size_t{256} * 1024;

std::optional<Secret> read(const std::string& path) {
  auto content = files::read_trusted(path, largest_file, files::Trusted::of_daemon());
  if (!content) return std::nullopt;
  while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
  return Secret(*std::move(content));
}

}  // namespace

Task<std::optional<Secret>> read_secret_file(std::string path) {
  co_return co_await offload([path] { return read(path); });
}

}  // namespace acmed::providers::route53
