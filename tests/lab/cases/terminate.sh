#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGTERM while the DNS is waited for: the daemon ends within five seconds, and the next one goes on with the same order.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
TIMEOUT=60s
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
lab stop sec2 # so that the wait does not end
start_daemon
published() { [[ $(txt "$LAB_PRIMARY" _acme-challenge.example.test | wc -l) == 2 ]]; }
expect_eventually "both values are published" 20 published
stop_daemon
expect_equal "exit status" "$STATUS" 0
expect_at_most "milliseconds to the end" "$ELAPSED" 5000
expect_equal "orders at the CA" "$(ca_total orders)" 1
lab start sec2
expect_eventually "the secondary is back" 10 no_txt_on 127.0.0.3 example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued wild example.test '*.example.test'
expect_equal "orders at the CA" "$(ca_total orders)" 1
expect_no_txt example.test
