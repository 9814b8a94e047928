// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/secret_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <mutex>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/log.h"
#include "base/runtime/offload.h"
#include "base/secret_list.h"

namespace acmed {
namespace {

/// What tells one content of a file from another; nothing when it is not there.
using State = std::optional<std::tuple<dev_t, ino_t, off_t, time_t, long, time_t, long>>;

State state_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return State{{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                status.st_ctim.tv_sec, status.st_ctim.tv_nsec}};
}

}  // namespace

class SecretSource::File {
 public:
  File(std::filesystem::path path, std::function<Secret()> read)
      : path_(std::move(path)), read_(std::move(read)), state_(state_of(path_)), text_(read_()) {
    keep_out_of_texts(text_);
  }

  Secret current() {
    const std::lock_guard lock(mutex_);
    // Looked at before it is read: what is written meanwhile is seen next time.
    const auto state = state_of(path_);
    if (state == state_) return text_;
    state_ = state;
    try {
      text_ = read_();
      keep_out_of_texts(text_);
      log::info(fmt::format("the secret in {} has changed and was read again", path_.string()));
    } catch (const Error& error) {
      log::warning(fmt::format(
          "the file of a secret has changed and cannot be used: {}. What it held before is used on", error.what()));
    }
    return text_;
  }

  Secret latest() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

  const std::filesystem::path& path() const noexcept { return path_; }
  const std::function<Secret()>& read() const noexcept { return read_; }

 private:
  const std::filesystem::path path_;
  const std::function<Secret()> read_;
  std::mutex mutex_;  ///< looks are made on worker threads
  State state_;
  Secret text_;
};

SecretSource::SecretSource(std::filesystem::path path, std::function<Secret()> read)
    : file_(std::make_shared<File>(std::move(path), std::move(read))) {}

Task<Secret> SecretSource::current() const {
  const auto file = file_;
  if (!file) co_return text_;
  co_return co_await offload([file] { return file->current(); });
}

Secret SecretSource::latest() const {
  return file_ ? file_->latest() : text_;
}

SecretSource SecretSource::changed_by(const std::function<Secret(const Secret&)>& change) const {
  if (!file_) return change(text_);
  return {file_->path(), [read = file_->read(), change] { return change(read()); }};
}

}  // namespace acmed
