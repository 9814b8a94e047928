#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the distribution's lego made is taken over, though lego remembers neither its provider nor the CA's directory: --apply into an empty
# place is refused with what is missing, and into a configuration that is there works.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z1.test z2.test"
export LEGO_CA_CERTIFICATES=$LAB_CA_BUNDLE RFC2136_NAMESERVER=$LAB_PRIMARY RFC2136_TSIG_KEY=$LAB_TSIG_NAME RFC2136_TSIG_SECRET=$LAB_TSIG_SECRET \
  RFC2136_TSIG_ALGORITHM=hmac-sha256. RFC2136_SEQUENCE_INTERVAL=1 RFC2136_POLLING_INTERVAL=1
lego_() {
  lego --server "$LAB_ACME_DIRECTORY" --path "$WORK/lego" --email a@example.test --accept-tos --dns rfc2136 --dns.disable-cp \
    --dns.resolvers "$LAB_RESOLVER" "$@" run
}
expect_success "lego: a wildcard" lego_ --key-type ec256 --domains example.test --domains '*.example.test'
expect_success "lego: RSA" lego_ --key-type rsa2048 --domains z1.test --domains www.z1.test
expect_success "lego: P-384" lego_ --key-type ec384 --domains '*.z2.test'
accounts=$(ca_total accounts)
orders=$(ca_total orders)

CONFIG=$WORK/etc/acmed.toml
ctl import lego "$WORK/lego" --apply
expect_equal "exit status of --apply into nothing" "$STATUS" 1
expect_match "what is missing" "$SAID" 'directory in \[ca\..*only its host is known'
expect_success "nothing is written" test ! -e "$WORK/etc"
ctl import lego "$WORK/lego"
expect_match "the provider of the environment" "$OUTPUT" '^type = "rfc2136"'
expect_match "a wildcard's name" "$OUTPUT" '^name = "_\.z2\.test"'

mkdir -p "$WORK/etc"
{ printf 'state_directory = "%s"\n' "$STATE"; sed "s|^directory = .*|directory = \"$LAB_ACME_DIRECTORY\"|" "$WORK/ctl.out"; } >"$CONFIG"
printf '\n[propagation]\nresolvers = ["%s"]\n' "$LAB_RESOLVER" >>"$CONFIG"
install -m 0600 "$LAB_TSIG_FILE" "$WORK/etc/rfc2136.tsig"
ctl import lego "$WORK/lego" --apply
expect_equal "exit status of --apply" "$STATUS" 0
expect_equal "taken over" "$(grep -c '^taken over:' "$WORK/ctl.err")" 4
acmed_once
expect_equal "exit status of the first run" "$STATUS" 0
expect_equal "orders are as many as before" "$(ca_total orders)" "$orders"
expect_equal "accounts are as many as before" "$(ca_total accounts)" "$accounts"
expect_issued example.test example.test '*.example.test'
expect_issued z1.test z1.test www.z1.test
expect_issued _.z2.test '*.z2.test'

sed -i 's/^domains = \["\*\.z2\.test"\]/domains = ["*.z2.test", "z2.test"]/' "$CONFIG"
acmed_once
expect_equal "exit status of the renewal" "$STATUS" 0
expect_equal "one order more" "$(ca_total orders)" $((orders + 1))
expect_equal "by the same account" "$(ca_total accounts)" "$accounts"
