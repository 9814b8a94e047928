#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Killed right after each of its durable steps in turn, and right before the end of each, acmed goes on at its next start: the
# certificate is issued, no TXT is left, the account is one, an order that was on disk is not made twice, and nothing that was
# half written stays.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
: "${KILL_AT_RENAME:?set it to the path of the preloaded library}"

start_lab LAB_ZONES="example.test"
write_config <<TOML
$(primary_provider)
$(certificate crash example.test '*.example.test')
TOML

half_written() { find "$STATE" -name '*.new' | wc -l; }

crash_at() { # crash_at AT|BEFORE N: false when acmed got to its end first
  local accounts orders known
  rm -rf "$STATE"
  accounts=$(ca_total accounts) orders=$(ca_total orders)
  RUNNER=(env "LD_PRELOAD=$KILL_AT_RENAME" "ACMED_TEST_KILL_$1=$2")
  acmed_once
  RUNNER=()
  [[ $STATUS == 137 ]] || return 1
  [[ $1 == AT ]] || expect_different "step $2: files that were half written" "$(half_written)" 0
  # The state is first written with the order in it.
  known=$(find "$STATE/certificates" -name state.json 2>/dev/null | wc -l)
  acmed_once
  expect_equal "step $2: exit status after the crash" "$STATUS" 0
  expect_issued crash example.test '*.example.test'
  expect_equal "step $2: new accounts" "$(($(ca_total accounts) - accounts))" 1
  expect_at_most "step $2: new orders" "$(($(ca_total orders) - orders))" "$((known ? 1 : 2))"
  expect_equal "step $2: half written files that stay" "$(half_written)" 0
  expect_no_txt example.test
}

for moment in AT BEFORE; do
  echo "--- $moment"
  for ((step = 1; step <= 100; step++)); do
    crash_at "$moment" "$step" || break
  done
  expect_equal "exit status of a run without a crash" "$STATUS" 0
  expect_at_most "steps, at least 5 of them" 5 "$((step - 1))"
done
