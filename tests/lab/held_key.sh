# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# held_key.sh - sourced by the cases of a key that stays in a token or a TPM, whose PIN or password is 47114711.

HELD_SECRET=47114711

held_config() { # held_config URI [FILES]: the secret is what $WORK/pin says
  write_config <<TOML
[control]
socket = "$WORK/control.sock"

$(primary_provider)
$(certificate web www.example.test)
key = "$1"
pin = { file = "$WORK/pin" }
  [[certificate.deploy]]
  name = "server"
  directory = "$WORK/tls"
  files = { ${2:-fullchain = \"web.pem\"} }
  post_hook = ["/bin/sh", "-c", "env | grep ^ACMED_ >'$WORK/told'"]
TOML
}

expect_of_key() { # expect_of_key PUBLIC_KEY_IN_PEM
  expect_equal "the key of the certificate in service" "$(openssl x509 -in "$STATE/live/web/cert.pem" -noout -pubkey)" "$1"
  expect_equal "the key of the copy" "$(openssl x509 -in "$WORK/tls/web.pem" -noout -pubkey)" "$1"
  expect_equal "files of a key" "$(find "$STATE/certificates" "$STATE/live/" "$WORK/tls" -name '*privkey*')" ""
  expect_equal "files with a key" "$(grep -rl 'PRIVATE KEY' "$STATE/certificates" "$WORK/tls" || true)" ""
  expect_equal "files with the secret" "$(grep -rl "$HELD_SECRET" "$STATE" "$WORK/tls" || true)" ""
}
