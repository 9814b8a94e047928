#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Behind the address of one name server there are two machines that take questions in turn, and one of them lags. The CA is not told before
# both have the values, without any `settle`.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES=example.test LAB_HIDDEN_PRIMARY=1 LAB_SEC2_DELAY=2
# Questions to the first secondary go to the second one every other time, be they of acmed or of the CA's resolver; the primary's NOTIFY
# does not.
nft add table ip balance
nft add chain ip balance out '{ type nat hook output priority -100; }'
nft add rule ip balance out ip saddr != "$LAB_PRIMARY" ip daddr 127.0.0.3 udp dport 53 dnat to 127.0.0.2
nft add rule ip balance out ip saddr != "$LAB_PRIMARY" ip daddr 127.0.0.2 udp dport 53 dnat to numgen inc mod 2 map '{ 0 : 127.0.0.2, 1 : 127.0.0.3 }'
for name in one two three; do
  rm -rf "$STATE"
  write_config <<TOML
$(primary_provider)
$(certificate "$name" "$name.example.test")
TOML
  acmed_once
  expect_equal "exit status" "$STATUS" 0
  expect_issued "$name" "$name.example.test"
done
