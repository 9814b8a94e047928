#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acme.sh's folder as it writes it (it is in no distribution): here filled with an account and a certificate that lego made at the CA.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
LEGO_CA_CERTIFICATES=$LAB_CA_BUNDLE RFC2136_NAMESERVER=$LAB_PRIMARY RFC2136_TSIG_KEY=$LAB_TSIG_NAME RFC2136_TSIG_SECRET=$LAB_TSIG_SECRET \
  RFC2136_TSIG_ALGORITHM=hmac-sha256. RFC2136_SEQUENCE_INTERVAL=1 \
  lego --server "$LAB_ACME_DIRECTORY" --path "$WORK/lego" --email a@example.test --accept-tos --dns rfc2136 --dns.disable-cp \
  --dns.resolvers "$LAB_RESOLVER" --key-type ec256 --domains example.test --domains '*.example.test' run >"$WORK/lego.out" 2>&1

home=$WORK/acme.sh
account=$(find "$WORK/lego/accounts" -name account.json)
made=$WORK/lego/certificates/example.test
base64_of() { printf '__ACME_BASE64__START_%s__ACME_BASE64__END_' "$(printf %s "$1" | base64 -w 0)"; }
ca=$home/ca/${LAB_ACME_DIRECTORY#https://}
mkdir -p "$ca" "$home/example.test_ecc"
cp "$(find "$WORK/lego/accounts" -name '*.key')" "$ca/account.key"
printf "ACCOUNT_URL='%s'\nCA_EMAIL='a@example.test'\nCA_KEY_HASH='x'\n" "$(jq -r .registration.uri "$account")" >"$ca/ca.conf"
cat >"$home/account.conf" <<CONF
LOG_FILE="/var/log/acme.sh.log"
ACCOUNT_EMAIL='a@example.test'
SAVED_NSUPDATE_SERVER='$LAB_PRIMARY'
SAVED_NSUPDATE_KEY='$LAB_TSIG_FILE'
USER_PATH='/usr/bin:/bin'
CONF
domain=$home/example.test_ecc
openssl x509 -in "$made.crt" -out "$domain/example.test.cer"
cp "$made.issuer.crt" "$domain/ca.cer"
cat "$domain/example.test.cer" "$domain/ca.cer" >"$domain/fullchain.cer"
cp "$made.key" "$domain/example.test.key"
cat >"$domain/example.test.conf" <<CONF
Le_Domain='example.test'
Le_Alt='*.example.test'
Le_Webroot='dns_nsupdate'
Le_PreHook=''
Le_API='$LAB_ACME_DIRECTORY'
Le_Keylength='ec-256'
Le_RealCertPath=''
Le_RealCACertPath=''
Le_RealKeyPath='$WORK/tls/site.key'
Le_ReloadCmd='$(base64_of "systemctl reload nginx")'
Le_RealFullChainPath='$WORK/tls/site.pem'
CONF
accounts=$(ca_total accounts)
orders=$(ca_total orders)

CONFIG=$WORK/etc/acmed.toml
export CA_BUNDLE=$LAB_CA_BUNDLE
ctl import acme.sh "$home"
expect_equal "exit status" "$STATUS" 0
expect_match "the copies" "$OUTPUT" '^  files = \{ privkey = "site.key", fullchain = "site.pem" \}'
expect_match "the unit" "$OUTPUT" '^  reload = \["nginx.service"\]'

# Into an empty place: the configuration and its secret are written, too.
mkdir -p "$WORK/tls" "$WORK/etc"
echo "# nothing yet" >"$CONFIG"
sed -i 's/^Le_ReloadCmd=.*/Le_ReloadCmd='"'true'"'/' "$domain/example.test.conf"
STATE_DIRECTORY=$STATE ctl import acme.sh "$home" --apply
expect_equal "exit status of --apply" "$STATUS" 0
expect_equal "the key's file is for acmed alone" "$(stat -c %a "$WORK/etc/nsupdate.tsig")" 400
printf '\n[propagation]\nresolvers = ["%s"]\n' "$LAB_RESOLVER" >>"$CONFIG"
export STATE_DIRECTORY=$STATE
acmed_once
expect_equal "exit status of the first run" "$STATUS" 0
expect_equal "orders are as many as before" "$(ca_total orders)" "$orders"
expect_equal "accounts are as many as before" "$(ca_total accounts)" "$accounts"
expect_issued example.test example.test '*.example.test'
expect_equal "the copy at the target" "$(certificates "$WORK/tls/site.pem")" "$(certificates "$STATE/live/example.test/fullchain.pem")"
