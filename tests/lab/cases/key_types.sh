#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One table with two key types: two certificates, for which the DNS is written once, since the second order finds valid authorizations;
# one test that sees both pairs, and one run of the hook. A type that leaves the list costs the other nothing.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test" LAB_AUTHZREUSE=100
mkdir "$WORK/tls"
cat >"$WORK/test" <<'TEST'
#!/bin/sh
# As a server whose configuration names both pairs.
echo run >>"$1/tests"
for type in ecdsa rsa; do
  [ "$(openssl pkey -in "$1/tls/$type.key" -pubout)" = "$(openssl x509 -in "$1/tls/$type.pem" -noout -pubkey)" ] || exit 1
done
TEST
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
echo "$ACMED_EVENT $ACMED_CERTIFICATES" >>"$1/runs"
HOOK
chmod 755 "$WORK/test" "$WORK/hook"
config() { # config KEY_TYPE
  write_config <<TOML
$(primary_provider)
$(certificate web www.example.test '*.example.test')
key_type = $1
  [[certificate.deploy]]
  name = "server"
  directory = "$WORK/tls"
  files = { fullchain = "{key_type}.pem", privkey = "{key_type}.key" }
  test = ["$WORK/test", "$WORK"]
  post_hook = ["$WORK/hook", "$WORK"]
TOML
}
config '["ecdsa-p256", "rsa-2048"]'
lab mark
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "UPDATE messages for both" "$(count primary UPDATE)" 2
expect_issued web www.example.test '*.example.test'
expect_issued web.rsa www.example.test '*.example.test'
expect_match "the first one's key" "$(openssl x509 -in "$WORK/tls/ecdsa.pem" -noout -text)" 'prime256v1'
expect_match "the other's" "$(openssl x509 -in "$WORK/tls/rsa.pem" -noout -text)" '2048 bit'
expect_equal "tests" "$(wc -l <"$WORK/tests")" 1
expect_equal "runs of the hook" "$(cat "$WORK/runs")" "deploy web web.rsa"
expect_no_txt example.test www.example.test

first=$(serial web)
config '"ecdsa-p256"'
acmed_once
expect_equal "exit status without the second type" "$STATUS" 0
expect_equal "the certificate" "$(serial web)" "$first"
expect_equal "runs of the hook then" "$(wc -l <"$WORK/runs")" 1
expect_success "what the server may still read stays" test -s "$WORK/tls/rsa.pem"
