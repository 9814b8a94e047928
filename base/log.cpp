// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "base/secret_list.h"

namespace acmed::log {
namespace {

constexpr std::size_t longest_line = std::size_t{16} * 1024;

std::atomic<Level> least_important = Level::info;

/// sd_journal_sendv answers "sent" even where no journal listens, so ask first: the service manager says in
/// JOURNAL_STREAM which device and inode the journal's stream has.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

}  // namespace

void set_level(Level level) noexcept {
  least_important = level;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (level > least_important.load()) return;
  static const bool to_journal = stderr_is_journal();
  // What a CA or a name server wrote may hold line breaks, escape sequences, and what it was told in confidence.
  const auto line = fit_to_show(message, longest_line);
  if (!to_journal) {
    const auto text = line + '\n';
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    return;
  }
  std::vector<std::string> entries = {"MESSAGE=" + line, fmt::format("PRIORITY={}", static_cast<int>(level)),
                                      "SYSLOG_IDENTIFIER=acmed"};
  for (const auto& [name, value] : fields) entries.push_back(fmt::format("{}={}", name, value));
  std::vector<iovec> parts;
  parts.reserve(entries.size());
  for (auto& entry : entries) parts.push_back({entry.data(), entry.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace acmed::log
