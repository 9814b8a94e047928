#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the distribution's certbot made is taken over: account, keys and certificates. Nothing is ordered again; renewals follow in time.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z1.test z2.test"
export REQUESTS_CA_BUNDLE=$LAB_CA_BUNDLE
cat >"$WORK/rfc2136.ini" <<INI
dns_rfc2136_server = $LAB_PRIMARY
dns_rfc2136_name = $LAB_TSIG_NAME
dns_rfc2136_secret = $LAB_TSIG_SECRET
dns_rfc2136_algorithm = HMAC-SHA256
INI
chmod 600 "$WORK/rfc2136.ini"
certbot_() {
  certbot certonly --server "$LAB_ACME_DIRECTORY" --agree-tos --email a@example.test --non-interactive \
    --config-dir "$WORK/certbot" --work-dir "$WORK/certbot" --logs-dir "$WORK/certbot" \
    --dns-rfc2136 --dns-rfc2136-credentials "$WORK/rfc2136.ini" --dns-rfc2136-propagation-seconds 2 "$@"
}
expect_success "certbot: a wildcard" certbot_ --key-type ecdsa --domain example.test --domain '*.example.test' --deploy-hook "systemctl reload nginx"
expect_success "certbot: RSA" certbot_ --key-type rsa --rsa-key-size 2048 --domain www.z1.test --domain z1.test
expect_success "certbot: P-384" certbot_ --key-type ecdsa --elliptic-curve secp384r1 --cert-name mail --domain mail.z2.test
mkdir -p "$WORK/certbot/renewal-hooks/deploy"
printf '#!/bin/sh\n' >"$WORK/certbot/renewal-hooks/deploy/tell.sh"
chmod 755 "$WORK/certbot/renewal-hooks/deploy/tell.sh"
accounts=$(ca_total accounts)
orders=$(ca_total orders)

CONFIG=$WORK/etc/acmed.toml
ctl import certbot "$WORK/certbot"
expect_equal "exit status" "$STATUS" 0
expect_match "the provider" "$OUTPUT" '^type = "rfc2136"'
expect_match "the account's kind of key" "$OUTPUT" '^account_key_type = "rsa-2048"'
expect_match "names" "$OUTPUT" '^domains = \["example.test", "\*.example.test"\]'
expect_match "the hook is a unit" "$OUTPUT" '^  reload = \["nginx.service"\]'
expect_match "a hook of all" "$OUTPUT" '^  post_hook = \["/usr/bin/env", "RENEWED_LINEAGE=.*tell.sh"\]'
expect_success "no secret is printed" sh -c "! grep -qF '$LAB_TSIG_SECRET' '$WORK/ctl.out'"
expect_success "nothing is written" test ! -e "$CONFIG"

# The lab's acmed has its state and its resolver here, and reloads nothing.
mkdir -p "$WORK/etc"
ctl import certbot "$WORK/certbot" >/dev/null
{ printf 'state_directory = "%s"\n' "$STATE"; cat "$WORK/ctl.out"; } | sed '/deploy\]\]/,/^$/d' >"$WORK/wanted.toml"
printf '\n[propagation]\nresolvers = ["%s"]\n' "$LAB_RESOLVER" >>"$WORK/wanted.toml"
install -m 0600 "$LAB_TSIG_FILE" "$WORK/etc/rfc2136.tsig"
cp "$WORK/wanted.toml" "$CONFIG"
ctl import certbot "$WORK/certbot" --apply
expect_equal "exit status of --apply" "$STATUS" 0
expect_equal "taken over" "$(grep -c '^taken over:' "$WORK/ctl.err")" 4
acmed_once
expect_equal "exit status of the first run" "$STATUS" 0
expect_equal "orders are as many as before" "$(ca_total orders)" "$orders"
expect_equal "accounts are as many as before" "$(ca_total accounts)" "$accounts"
expect_issued example.test example.test '*.example.test'
expect_issued www.z1.test www.z1.test z1.test
expect_issued mail mail.z2.test
expect_equal "the certificate is certbot's" "$(serial example.test)" \
  "$(openssl x509 -noout -serial -in "$WORK/certbot/live/example.test/cert.pem" | cut -d= -f2)"
ctl status
expect_match "valid" "$OUTPUT" '^3 certificates: 3 valid'

# Once more takes nothing; and when the time has come, the account that certbot made orders.
ctl import certbot "$WORK/certbot" --apply
expect_equal "a second time" "$(grep -c '^taken over:' "$WORK/ctl.err")" 0
sed -i 's/^name = "mail"/name = "mail"\nrenew = "0.9"/' "$CONFIG"
"$ACMECTL" --config "$CONFIG" status >/dev/null 2>&1 || true
sed -i 's/"mail.z2.test"/"mail.z2.test", "www.z2.test"/' "$CONFIG"
sed -i 's/^zones = .*/zones = ["example.test", "z1.test", "z2.test"]/' "$CONFIG"
acmed_once
expect_equal "exit status of the renewal" "$STATUS" 0
expect_equal "one order more" "$(ca_total orders)" $((orders + 1))
expect_equal "by the same account" "$(ca_total accounts)" "$accounts"
