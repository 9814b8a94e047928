#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The CA's resolver can ask only the delayed secondaries: whoever answers the challenge early is refused.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_HIDDEN_PRIMARY=1 LAB_SEC1_DELAY=0.8 LAB_SEC2_DELAY=1.5 LAB_ZONES="example.test"
write_config <<TOML
$(primary_provider)
$(certificate hidden example.test '*.example.test')
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued hidden example.test '*.example.test'
expect_no_txt example.test
