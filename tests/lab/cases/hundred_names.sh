#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One certificate for 100 names in 10 zones: one UPDATE a zone to add and one to remove, two requests a name and a few.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab
names=()
for zone in {0..9}; do
  names+=("z$zone.test" "*.z$zone.test")
  for host in {1..8}; do names+=("h$host.z$zone.test"); done
done
write_config <<TOML
$(primary_provider)
$(certificate hundred "${names[@]}")
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued hundred "${names[@]}"
looks=$(count pebble POST /my-order/ID) # two, or more where the CA is slow
expect_at_most "ACME requests without looks at the order" $(($(count pebble requests) - looks)) 213
expect_at_most "looks at the order" "$looks" 15
expect_equal "UPDATE messages" "$(count primary UPDATE)" 20
expect_equal "values added" "$(count primary rr-added)" 100
expect_no_txt "${names[@]/#\*./}"
