#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What one certificate costs when the account is known: ACME requests and UPDATE messages are the protocol's least.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z0.test"
write_config <<TOML
$(primary_provider)
$(certificate account z0.test)
TOML
acmed_once
expect_equal "exit status with a new account" "$STATUS" 0

write_config <<TOML
$(primary_provider)
$(certificate account z0.test)
$(certificate wild example.test '*.example.test')
TOML
lab mark
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued wild example.test '*.example.test'
lab counts | sed -n 's/^pebble/  | &/p'
expect_at_most "ACME requests" "$(count pebble requests)" 10
expect_equal "UPDATE messages" "$(count primary UPDATE)" 2
expect_equal "accounts at the CA" "$(ca_total accounts)" 1
expect_no_txt example.test z0.test
