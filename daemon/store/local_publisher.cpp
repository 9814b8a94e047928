// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/local_publisher.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "daemon/store/generation_files.h"
#include "daemon/store/generation_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

std::optional<unsigned> generation_behind(const std::string& link) {
  std::array<char, 4096> target;
  const auto size = ::readlink(link.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  const std::string_view path(target.data(), static_cast<std::size_t>(size));
  return generation_number(path.substr(path.rfind('/') + 1));
}

}  // namespace

Task<> LocalPublisher::publish(std::string name, Generation generation) {
  co_await folder_.on_disk([this, name = std::move(name), generation = std::move(generation)] {
    const fs::path certificate = folder_.certificate(name);
    const auto number = generation_name(generation.number);
    if (!fs::exists(certificate / number / "fullchain.pem")) {
      write_generation(certificate, generation, folder_.key_group());
    }
    files::switch_link(folder_.live(name), fs::path("..") / "certificates" / name / number);
  });
}

Task<std::optional<unsigned>> LocalPublisher::published(std::string name) {
  co_return co_await folder_.on_disk([link = folder_.live(name)] { return generation_behind(link); });
}

Published LocalPublisher::look_at(const Expected& expected) const {
  try {
    return folder_.with_owner_named([&] {
      return Published{generation_behind(folder_.live(expected.name)),
                       fault_of(folder_.certificate(expected.name) + '/' + generation_name(expected.generation)),
                       nullptr};
    });
  } catch (...) {
    return {.unreadable = std::current_exception()};
  }
}

Task<std::vector<Published>> LocalPublisher::look(std::vector<Expected> expected) {
  std::vector<Published> published(expected.size());
  std::exception_ptr unreadable;
  try {
    co_await offload([this, &expected, &published] {
      std::ranges::transform(expected, published.begin(), [this](const Expected& each) { return look_at(each); });
    });
  } catch (const Error&) {  // no thread could be had
    unreadable = std::current_exception();
  }
  if (unreadable) {
    for (auto& each : published) each.unreadable = unreadable;
  }
  co_return published;
}

}  // namespace acmed::store
