#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The challenge names of twenty hosts and their wildcards are aliases of one TXT name, and two certificates want them at once:
# all values stand there together, and go.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES=example.test
names=() update='zone example.test'
hosts=(h{0..19})
[[ $LAB_LONG_ANSWERS == 1 ]] || hosts=(h0 h1) # all that an older Pebble can read
for host in "${hosts[@]}"; do
  names+=("$host.example.test" "*.$host.example.test")
  update+=$'\n'"update add _acme-challenge.$host.example.test 300 CNAME shared.acme-dlg.test."
done
lab nsupdate <<<"$update"$'\nsend'
part=$((${#names[@]} * 3 / 4)) # so that they share half of the names
write_config <<TOML
$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test acme-dlg.test)
$(certificate one "${names[@]:0:part}")
$(certificate two "${names[@]: -part}")
TOML
lab mark
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued one "${names[@]:0:part}"
expect_issued two "${names[@]: -part}"
# Slow machines may send what comes late in a message of its own.
expect_at_most "UPDATE messages" "$(count primary UPDATE)" 4
expect_equal "values added" "$(count primary rr-added)" $((2 * part))
expect_eventually "no TXT left" 15 no_txt_on "$LAB_PRIMARY" shared.acme-dlg.test
