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

namespace acmed::log {
namespace {

std::atomic<Level> least_important = Level::info;

/// sd_journal_sendv answers "sent" even where no journal listens, so ask first: the service manager says in
/// JOURNAL_STREAM which device and inode the journal's stream has.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

std::string one_line(std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace

void set_level(Level level) noexcept {
  least_important = level;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (level > least_important.load()) return;
  static const bool to_journal = stderr_is_journal();
  // What a CA or a name server wrote may hold line breaks and escape sequences.
  const auto line = one_line(message);
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
