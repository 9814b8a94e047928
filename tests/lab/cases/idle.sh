#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An idle daemon with ten certificates: little memory, and asleep.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

field() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$DAEMON/status"; }
wake_ups() { cat /proc/"$DAEMON"/task/*/status | awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'; }
all_live() { [[ $(find "$STATE/live" -name 'c*' 2>/dev/null | wc -l) == 10 ]]; }
asleep() { # for a second
  local before
  before=$(wake_ups)
  sleep 1
  [[ $(wake_ups) == "$before" ]]
}

start_lab
blocks=
for zone in {0..9}; do blocks+=$(certificate "c$zone" "*.z$zone.test")$'\n'; done
write_config <<TOML
$(primary_provider)
$blocks
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
start_daemon
expect_eventually "ten certificates are live" 10 all_live
expect_eventually "the daemon sleeps" 20 asleep
before=$(wake_ups)
sleep 3 # the length of the observation
expect_at_most "wake-ups in 3 s" "$(($(wake_ups) - before))" 1
if [[ $SLOW_BUILD_MS == 0 ]]; then
  expect_at_most "RssAnon KiB" "$(field RssAnon)" 5120
  expect_at_most "VmRSS KiB, program and libraries included" "$(field VmRSS)" 24576
fi
stop_daemon
expect_equal "exit status" "$STATUS" 0
