#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A CA that refuses every fourth nonce, uses authorizations again, sends Retry-After in both forms, is strict, takes its time
# to validate and issues under chains of three. (acmed gives a request up after ten refusals: of every second nonce, such a row
# would come in one run of fifty.)
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_NONCEREJECT=25 LAB_AUTHZREUSE=50 LAB_STRICT=1 LAB_CHAIN_LENGTH=3 LAB_ALTERNATE_ROOTS=2 LAB_NOSLEEP=0 \
  LAB_SLEEPTIME=2 LAB_RETRY_AUTHZ=1 LAB_RETRY_ORDER=1
write_config <<TOML
$(primary_provider)
$(certificate first example.test '*.example.test')
$(certificate second z0.test '*.z0.test' z1.test)
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued first example.test '*.example.test'
expect_issued second z0.test '*.z0.test' z1.test
expect_equal "certificates in a chain" "$(certificates "$STATE/live/first/fullchain.pem")" 4

# Again, with authorizations at hand that may be used again.
write_config <<TOML
$(primary_provider)
$(certificate third example.test '*.example.test' z0.test)
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued third example.test '*.example.test' z0.test
expect_no_txt example.test z0.test z1.test
