#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What one certificate costs when the account is known: ACME requests and UPDATE messages are the protocol's least, and one request
# for renewal information (RFC 9773).
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z0.test"
blocks=$(certificate account z0.test)
write_config <<TOML
$(primary_provider)
$blocks
TOML
acmed_once
expect_equal "exit status with a new account" "$STATUS" 0

# A busy CA may be asked once more whether it is ready: the best of three counts.
fewest=1000
for host in one two three; do
  blocks+=$'\n\n'$(certificate "$host" "$host.example.test" "*.$host.example.test")
  write_config <<TOML
$(primary_provider)
$blocks
TOML
  lab mark
  acmed_once
  expect_equal "exit status" "$STATUS" 0
  expect_issued "$host" "$host.example.test" "*.$host.example.test"
  expect_equal "UPDATE messages" "$(count primary UPDATE)" 2
  sed -n 's/^pebble/  | &/p' "$WORK/counts"
  fewest=$(($(count pebble requests) < fewest ? $(count pebble requests) : fewest))
  ((fewest > 11)) || break
done
expect_at_most "ACME requests" "$fewest" 11
expect_equal "accounts at the CA" "$(ca_total accounts)" 1
expect_no_txt z0.test "$host.example.test"
