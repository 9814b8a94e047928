// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/local_publisher.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "daemon/store/generation_files.h"
#include "daemon/store/generation_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr mode_t stamp_mode = 0644;

/// `link`: its path, or its name in the open folder `live`.
std::optional<unsigned> generation_behind(const std::string& link, int live = AT_FDCWD) {
  std::array<char, 4096> target;
  const auto size = ::readlinkat(live, link.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  const std::string_view path(target.data(), static_cast<std::size_t>(size));
  return generation_number(path.substr(path.rfind('/') + 1));
}

/// inotify sees nothing of a link that leads elsewhere: whoever watches a file in live/NAME, or that folder, watches
/// those of the former generation. They are touched. What cannot be is not worth a failure.
void tell_watchers_of(const fs::path& former) {
  for (const auto* name : {"privkey.pem", "cert.pem", "chain.pem", "fullchain.pem", "meta.json"}) {
    ::utimensat(AT_FDCWD, (former / name).c_str(), nullptr, 0);
  }
}

/// The file that says of a certificate what is in service now, for those who only want to know when it changes. It
/// stays the same file, so that a watch on it stays.
void write_stamp(const fs::path& stamp, const Generation& generation) {
  const Fd file(::open(stamp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, stamp_mode));
  if (!file) return;
  ::fchmod(file.get(), stamp_mode);
  const auto line = fmt::format("{} {} {}\n", generation_name(generation.number), generation.meta.serial,
                                to_rfc3339(generation.meta.not_after));
  // A reader who comes between sees an empty file, and is woken again.
  [[maybe_unused]] const auto written = ::write(file.get(), line.data(), line.size());
}

}  // namespace

Task<> LocalPublisher::publish(std::string name, Generation generation, KeyGroup key_group) {
  co_await folder_.on_disk(
      [this, name = std::move(name), generation = std::move(generation), key_group = std::move(key_group)] {
        const fs::path certificate = folder_.certificate(name);
        const auto number = generation_name(generation.number);
        if (!fs::exists(certificate / number / "fullchain.pem")) {
          write_generation(certificate, generation);
        }
        try {
          give_key_to((certificate / number).string(), groups_.find(key_group), folder_.path());
        } catch (const std::exception&) {
          // The pair goes into service all the same: for most services root reads the key.
        }
        const auto live = folder_.live(name);
        // Whoever cleans up under a running daemon may take these along.
        for (const auto& path : {fs::path(live), folder_.stamp(name)}) {
          files::make_folder(path.parent_path(), watched_mode);
        }
        const auto former = generation_behind(live);
        files::switch_link(live, fs::path("..") / "certificates" / name / number);
        if (former && *former != generation.number) tell_watchers_of(certificate / generation_name(*former));
        write_stamp(folder_.stamp(name), generation);
      });
}

Task<> LocalPublisher::grant_key(std::string name, unsigned generation, KeyGroup key_group) {
  co_await folder_.on_disk(
      [this, folder = folder_.certificate(name) + '/' + generation_name(generation), key_group = std::move(key_group)] {
        give_key_to(folder, groups_.find(key_group), folder_.path());
      });
}

Task<std::optional<unsigned>> LocalPublisher::published(std::string name) {
  co_return co_await folder_.on_disk([link = folder_.live(name)] { return generation_behind(link); });
}

/// False also where it is not known whose the key should be.
bool LocalPublisher::are_in_order(Look& look, const Expected& expected) {
  auto known = look.groups.find(expected.key_group);
  try {
    if (known == look.groups.end()) {
      known = look.groups.emplace(expected.key_group, groups_.find(expected.key_group)).first;
    }
  } catch (const Error&) {
    return false;
  }
  const auto generation = expected.name + '/' + generation_name(expected.generation);
  return store::are_in_order(look.certificates, generation, known->second);
}

Published LocalPublisher::look_at(Look& look, const Expected& expected) {
  try {
    return folder_.with_owner_named([&] {
      Published published;
      published.generation = look.live ? generation_behind(expected.name, look.live.get())
                                       : generation_behind(folder_.live(expected.name));
      if (are_in_order(look, expected)) return published;
      const auto folder = folder_.certificate(expected.name) + '/' + generation_name(expected.generation);
      published.fault = fault_of(folder);
      if (published.fault) return published;
      try {
        const auto former = give_key_to(folder, groups_.find(expected.key_group), folder_.path());
        if (!former.empty()) {
          log::warning(fmt::format("{}: {}: that is put right", expected.name, former));
          close_keys_to_others(folder_.certificate(expected.name));
        }
      } catch (const std::exception&) {
        published.is_key_granted = false;
      }
      return published;
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
      const auto open = [](const std::string& folder) {
        return Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      };
      Look look{open(folder_.certificate("")), open(folder_.live("")), {}};
      std::ranges::transform(expected, published.begin(), [&](const Expected& each) { return look_at(look, each); });
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
