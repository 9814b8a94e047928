#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGHUP: a broken configuration is refused with its place, and the daemon goes on by the old one; a good one is taken.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
write_config <<TOML
$(primary_provider)
$(certificate one example.test)
TOML
start_daemon
expect_eventually "the first certificate is issued" 20 test -e "$STATE/live/one/cert.pem"
cp "$CONFIG" "$WORK/good.toml"
echo 'certifcate = 1' >>"$CONFIG"
kill -HUP "$DAEMON"
expect_eventually "the broken configuration is told" 10 daemon_said 'acmed.toml:[0-9]+.*certifcate'
expect_success "the daemon lives" kill -0 "$DAEMON"
{ cat "$WORK/good.toml"; certificate two www.example.test; } >"$CONFIG"
kill -HUP "$DAEMON"
expect_eventually "a new certificate of a good configuration is issued" 20 test -e "$STATE/live/two/cert.pem"
expect_equal "the first certificate is left alone" "$(generation one)" 0001
stop_daemon
expect_equal "exit status" "$STATUS" 0
expect_no_txt example.test www.example.test
