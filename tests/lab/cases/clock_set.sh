#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A host boots with a clock that is wrong by more than a year, and NTP sets it later: acmed hears of that at once, whatever it planned.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

YEAR=$((400 * 86400))
VALIDITY=24 # seconds; half of it is left when it is due

start_lab LAB_ZONES=example.test "LAB_VALIDITY=$VALIDITY"
write_config <<TOML
$(primary_provider)
$(certificate web example.test)
TOML

start_off() { # start_off SECONDS: with a clock that is ahead by so much until `set_right`
  rm -f "$WORK/right"
  RUNNER=(env "LD_PRELOAD=${CLOCK_AHEAD:?set it to the path of the preloaded library}" "ACMED_TEST_CLOCK_AHEAD=$1" "ACMED_TEST_CLOCK_RIGHT=$WORK/right")
  start_daemon
}
set_right() { touch "$WORK/right"; }
is_issued() { [[ -s $STATE/live/web/cert.pem ]]; }
is_due() { ! openssl x509 -checkend $((VALIDITY / 3)) -noout -in "$STATE/live/web/cert.pem" >/dev/null; }
is_another() { [[ $(serial web) != "$1" ]]; } # is_another SERIAL

echo "--- no certificate yet, and the CA's own seem to be of the future"
start_off "-$YEAR"
expect_eventually "the clock is told" 10 daemon_said 'not issued: .*clock'
set_right
expect_eventually "issued when the clock is right" $((5 + SLOW_BUILD_MS / 1000)) is_issued
stop_daemon

echo "--- a certificate that seems to live for another year"
before=$(serial web)
start_off "-$YEAR"
expect_eventually "in truth it is due" "$VALIDITY" is_due
expect_equal "it rests" "$(serial web)" "$before"
set_right
expect_eventually "renewed when the clock is right" $((5 + SLOW_BUILD_MS / 1000)) is_another "$before"
stop_daemon

echo "--- a certificate that seems to have ended a year ago"
before=$(serial web)
start_off "$YEAR"
expect_eventually "the clock is told" 10 daemon_said 'not issued: .*clock'
expect_success "it stays" test "$(serial web)" = "$before"
set_right
expect_eventually "renewed in time, whatever pause was planned" "$VALIDITY" is_another "$before"
stop_daemon
expect_issued web example.test
expect_no_txt example.test
