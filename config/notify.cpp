// SPDX-License-Identifier: Apache-2.0
#include "config/notify.h"

#include "config/command.h"
#include "config/life_left.h"

namespace acmed::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

}  // namespace

Notify read_notify(Reader reader) {
  Notify notify;
  notify.on_failure = read_command(reader, "on_failure");
  notify.on_success = read_command(reader, "on_success");
  notify.after = reader.duration("after", seconds(0), hours(24 * 31)).value_or(notify.after);
  notify.warn_before = read_life_left(reader, "warn_before");
  notify.timeout = reader.duration("timeout", seconds(1), minutes(10)).value_or(notify.timeout);
  const bool names_none = reader.node("on_failure") == nullptr && reader.node("on_success") == nullptr;
  if (names_none) {
    reader.fault(
        "on_failure",
        R"(is missing: a program to call, ["/usr/lib/acmed/hooks/acmed-notify-mail", "--to", "root"], or leave [notify] out)");
  }
  reader.end();
  return notify;
}

}  // namespace acmed::config
