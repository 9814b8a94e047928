#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# While secondaries lag, somebody else's program removes all TXT records of the name at the primary. That is noticed though the primary had
# shown the values, and they are added again.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

has_values() { [[ -n $(txt "$LAB_PRIMARY" _acme-challenge.example.test) ]]; }
wipe() {
  eventually 10 has_values
  printf 'server %s\nzone example.test\nupdate delete _acme-challenge.example.test TXT\nsend\n' "$LAB_PRIMARY" |
    nsupdate -k "$LAB_TSIG_FILE"
}

start_lab LAB_ZONES=example.test LAB_SEC1_DELAY=2 LAB_SEC2_DELAY=3
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
wipe &
wiper=$!
acmed_once
wait "$wiper"
expect_equal "exit status" "$STATUS" 0
expect_match "it is told" "$OUTPUT" 'a name server shows the TXT values no longer: they are added again'
expect_issued wild example.test '*.example.test'
expect_no_txt example.test
