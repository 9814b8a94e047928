#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed-java-keystore writes what keytool reads, in both forms; what fails leaves the former one.
source "$(dirname "$0")/hooks.sh"
needs keytool openssl
begin

echo 'pass word%1' >"$WORK/password"
store=(--keystore "$WORK/store" --password-file "$WORK/password")
listed() { keytool -list -v -keystore "$WORK/store" -storepass:file "$WORK/password" 2>&1; }
serial_in_store() { listed | sed -n 's/^Serial number: //p' | tr 'a-f' 'A-F' | head -n 1; }
without_zeros() { sed 's/^0*//'; }

for type in PKCS12 JKS; do
  rm -f "$WORK/store"
  succeeds "$type is written" 1 acmed-java-keystore "${store[@]}" --type "$type"
  expect_match "keytool reads it" "$(listed)" "Alias name: example.test"
  expect_match "as a key, not only a certificate" "$(listed)" "PrivateKeyEntry"
  succeeds "the renewal replaces it" 2 acmed-java-keystore "${store[@]}" --type "$type" --mode 0600
  expect_equal "serial" "$(serial_in_store | without_zeros)" "$(serial_of "$WORK/2/fullchain.pem" | without_zeros)"
  expect_equal "mode" "$(stat -c %a "$WORK/store")" 600
done
cp "$WORK/store" "$WORK/before"
echo nothing >"$WORK/1/privkey.pem"
fails "what is no key" '.' 1 acmed-java-keystore "${store[@]}"
expect_success "the former one is there" cmp "$WORK/store" "$WORK/before"
expect_equal "nothing else is left" "$(find "$WORK" -maxdepth 1 -name '.acmed*')" ""
finish
