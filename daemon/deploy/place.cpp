// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/place.h"

#include <fmt/format.h>

#include <functional>

#include "base/runtime/offload.h"

namespace acmed::deploy {
namespace {

/// Failures with files have one cause for programs, whichever call failed.
Error as_file_trouble(const Error& error) {
  const bool own_cause = error.advice() == Error::Advice::refused || error.cause() == "deploy:owner";
  return Error(error.advice(), own_cause ? error.cause() : "deploy:file", error.what());
}

Task<std::optional<Error>> off_loop(std::function<void()> work) {
  std::optional<Error> failure;
  try {
    co_await offload(std::move(work));
  } catch (const Error& error) {
    failure = as_file_trouble(error);
  }
  co_return failure;
}

}  // namespace

Task<std::optional<Error>> Copies::install() {
  return off_loop([files = files_, content = generation_.files] { files->install(content); });
}

Task<std::optional<Error>> Copies::keep() {
  return off_loop([files = files_] { files->keep(); });
}

Task<std::optional<Error>> Copies::put_back() {
  return off_loop([files = files_] { files->put_back(); });
}

Task<std::string> Copies::reason_to_stay(Time worth_until) {
  FileSet::Former former;
  try {
    former = co_await offload([files = files_] { return files->former(); });
  } catch (const Error&) {
    co_return "";  // put_back() will report what is wrong
  }
  if (!former.existed) co_return "there were no files before: the new ones stay";
  if (former.not_after && *former.not_after <= worth_until) {
    co_return fmt::format("the new files stay, since the former certificate ends at {}", to_rfc3339(*former.not_after));
  }
  co_return "";
}

}  // namespace acmed::deploy
