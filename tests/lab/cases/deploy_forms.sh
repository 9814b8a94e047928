#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every form of a file at a target is read by those for whom it is made: OpenSSL, and Java where it is installed.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
mkdir "$WORK/tls"
echo "correct horse" >"$WORK/password"
chmod 600 "$WORK/password"
config() { # config KEY_TYPE
  write_config <<TOML
$(primary_provider)
$(certificate site example.test)
key_type = "$1"
  [[certificate.deploy]]
  name = "all"
  directory = "$WORK/tls"
  owner = { pkcs12 = 999 }
  group = "998"
  mode = { pkcs12 = 0o400, der = 0o644 }
  pkcs12_password = { file = "$WORK/password" }
  [certificate.deploy.files]
  privkey_traditional = "traditional.key"
  privkey_der = "key.der"
  combined = "combined.pem"
  combined_key_last = "last.pem"
  der = "cert.der"
  pkcs12 = "store.p12"
  pkcs12_legacy = "old.p12"
TOML
}
public_key() { openssl pkey -pubout "$@" | sha256sum; }
for type in ecdsa-p256 rsa-2048; do
  config $type
  acmed_once
  expect_equal "exit status" "$STATUS" 0
  wanted=$(openssl x509 -in "$STATE/live/site/cert.pem" -noout -pubkey | sha256sum)
  cd "$WORK/tls"
  expect_equal "$type: the traditional key" "$(public_key -in traditional.key)" "$wanted"
  expect_match "$type: its form" "$(head -n 1 traditional.key)" 'BEGIN (EC|RSA) PRIVATE KEY'
  expect_equal "$type: the key in DER" "$(public_key -inform DER -in key.der)" "$wanted"
  expect_equal "$type: the certificate in DER" "$(openssl x509 -inform DER -in cert.der -noout -pubkey | sha256sum)" "$wanted"
  expect_match "$type: the key comes first" "$(head -n 1 combined.pem)" 'PRIVATE KEY'
  expect_match "$type: the key comes last" "$(tail -n 1 last.pem)" 'PRIVATE KEY'
  for store in store.p12 old.p12; do
    expect_equal "$type: the key in $store" \
      "$(openssl pkcs12 -in $store -passin "file:$WORK/password" -nodes -nocerts | public_key)" "$wanted"
    expect_equal "$type: certificates in $store" \
      "$(openssl pkcs12 -in $store -passin "file:$WORK/password" -nokeys | grep -c 'BEGIN CERTIFICATE')" \
      "$(grep -c 'BEGIN CERTIFICATE' "$STATE/live/site/fullchain.pem")"
    if command -v keytool >/dev/null; then
      expect_match "$type: Java reads $store" \
        "$(keytool -list -storetype PKCS12 -keystore $store -storepass "$(cat "$WORK/password")" 2>&1)" 'PrivateKeyEntry'
    fi
  done
  expect_match "$type: the modern one" "$(openssl pkcs12 -in store.p12 -passin "file:$WORK/password" -info -noout 2>&1)" 'AES-256-CBC'
  expect_match "$type: the legacy one" "$(openssl pkcs12 -in old.p12 -passin "file:$WORK/password" -info -noout 2>&1)" '3-KeyTripleDES'
  expect_equal "$type: owner, group, mode" "$(stat -c %u:%g:%a store.p12 cert.der key.der | paste -sd ' ')" "999:998:400 0:998:644 0:998:640"
  cd "$WORK"
done

# What is there is known again, though PKCS #12 is another each time.
before=$(sha256sum "$WORK"/tls/*)
acmed_once
expect_equal "nothing is written again" "$(sha256sum "$WORK"/tls/*)" "$before"
echo "another horse" >"$WORK/password"
acmed_once
expect_success "a new password is used" openssl pkcs12 -in "$WORK/tls/store.p12" -passin "file:$WORK/password" -noout
