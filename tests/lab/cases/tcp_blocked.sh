#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Forty values of others stand at the name, so that answers are cut short; and TCP port 53 is closed by a firewall. To find the zone, the
# cut answer will do; that it does not show the values, and why, is told.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES=example.test
{
  printf 'server %s\nzone example.test\n' "$LAB_PRIMARY"
  for i in {1..40}; do printf 'update add _acme-challenge.example.test 60 TXT "stale-%s-of-a-client-that-never-cleans-up"\n' "$i"; done
  printf 'send\n'
} | nsupdate -k "$LAB_TSIG_FILE"
TIMEOUT=8s
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
nft add table inet wall
nft add chain inet wall in '{ type filter hook input priority 0; }'
nft add rule inet wall in tcp dport 53 drop
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'said for _acme-challenge.example.test: an answer cut short by UDP, no answer by TCP'
[[ $LAB_LONG_ANSWERS == 1 ]] || exit 0 # this CA cannot read the answer by TCP either
nft delete table inet wall
acmed_once
expect_equal "exit status with TCP" "$STATUS" 0
expect_issued wild example.test '*.example.test'
