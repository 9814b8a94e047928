#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 100 wildcard certificates due at once in 10 zones: the orders of one zone share their UPDATE messages, and all share one run of
# their hook.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab
ids=() blocks=
for zone in {0..9}; do
  for host in {0..9}; do
    ids+=("h$host.z$zone.test")
    blocks+=$(certificate "c$zone$host" "*.h$host.z$zone.test")$'\n'
  done
done
mkdir "$WORK/tls"
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
echo "$ACMED_CERTIFICATES" >>"$1/runs"
HOOK
chmod 755 "$WORK/hook"
write_config <<TOML
$(primary_provider)
[[defaults.deploy]]
name = "all"
directory = "$WORK/tls"
files = { combined = "{name}.pem" }
post_hook = ["$WORK/hook", "$WORK"]
$blocks
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "certificates live" "$(find "$STATE/live" -type l | wc -l)" 100
expect_equal "copies" "$(find "$WORK/tls" -name 'c??.pem' | wc -l)" 100
expect_equal "certificates in each run of the hook" "$(awk '{ print NF }' "$WORK/runs" | paste -sd ' ')" 100
expect_issued c00 '*.h0.z0.test'
expect_issued c99 '*.h9.z9.test'
expect_equal "valid chains" "$(for d in "$STATE"/live/*; do
  openssl verify -CAfile "$LAB_ISSUED_ROOTS" -untrusted "$d/chain.pem" "$d/cert.pem"; done 2>&1 | grep -c ': OK$')" 100
# Six a certificate, the look at its renewal information among them; the directory, the account and the first nonces are shared by all. Two looks at each order, or more where
# the CA is slow.
looks=$(count pebble POST /my-order/ID)
expect_at_most "ACME requests without looks at orders" $(($(count pebble requests) - looks)) 615
expect_at_most "looks at orders" "$looks" 400
# A journey that comes late, on a slow machine, has its own.
expect_at_most "UPDATE messages" "$(count primary UPDATE)" $((SLOW_BUILD_MS > 0 ? 60 : 30))
expect_equal "accounts at the CA" "$(ca_total accounts)" 1
expect_no_txt "${ids[@]}"
