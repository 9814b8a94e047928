#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A state directory belongs to one daemon: another refuses to start and touches nothing.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
write_config <<TOML
$(primary_provider)
$(certificate one example.test)
TOML
start_daemon
expect_eventually "the first certificate is issued" 20 test -e "$STATE/live/one/cert.pem"
lab mark
acmed_once
expect_success "the second one refuses" test "$STATUS" -ne 0
expect_match "the sentence" "$OUTPUT" 'another|already|in use|lock'
expect_equal "requests of the second one" "$(count pebble requests)" 0
stop_daemon
expect_equal "exit status of the first one" "$STATUS" 0
acmed_once
expect_equal "exit status when it is gone" "$STATUS" 0
