#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names of somebody else (RFC 9115): nothing is proved, the request is as their owner wants it, and the CA renews the certificate by
# itself (RFC 8739): the next ones are fetched without an order, until the owner cancels that, or we do since the certificate is
# configured no more.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

OWNER=127.0.0.1:14543
PUBLIC=127.0.0.1:14544
start_lab LAB_ZONES="example.test"
mkdir "$WORK/owner"
python3 "$LAB_HOME/../fakes/identity_owner.py" "$OWNER" "$PUBLIC" "$WORK/lab/tls/server.crt" "$WORK/lab/tls/server.key" \
  "$WORK/owner" 12 2>"$WORK/owner/errors" &
OPERATOR_PIDS+=("$!")
owner_answers() { curl -gsk -o /dev/null -m 2 "https://$OWNER/directory" && curl -gsk -o /dev/null -m 2 "https://$PUBLIC/"; }
eventually 60 owner_answers || { cat "$WORK/owner/errors"; failed "the owner's server does not answer"; exit 1; }
LAB_ACME_DIRECTORY=https://$OWNER/directory
ROOTS=$WORK/owner/root.pem
asked() { grep -cE "^$1 [0-9]+$" "$WORK/owner/requests" || true; }
refused() { grep -E ' (4|5)[0-9][0-9]$' "$WORK/owner/requests" | grep -v ' /$\| / ' || true; }

delegated() { # delegated KEY_TYPE
  local external
  external=$(printf '%s' 'the key that customer-1 was given' | basenc --base64url | tr -d '=\n')
  { printf '[[certificate]]\nname = "web"\ndomains = ["www.ido.test"]\nkey_type = "%s"\ndelegation = true\n' "$1"; } | write_config
  chmod 600 "$CONFIG"
  sed -i "s|^terms_agreed = true|&\nhosts = [\"$PUBLIC\"]\neab = { kid = \"customer-1\", hmac_key = \"$external\" }|" "$CONFIG"
}

delegated ecdsa-p384
acmed_once
expect_match "a key that the owner does not want" "$OUTPUT" 'allows no key of type ecdsa-p384: set key_type = "ecdsa-p256"'
expect_equal "orders for it" "$(asked 'POST /new-order')" 0

delegated ecdsa-p256
start_daemon
is_issued() { [[ $(generation web) != none ]]; }
expect_eventually "a certificate without a proof" 60 is_issued
expect_issued web www.ido.test
key() { openssl pkey -in "$STATE/live/web/privkey.pem" -pubout; }
FIRST_KEY=$(key)
has_generation() { [[ $((10#$(generation web))) -ge $1 ]]; }
expect_eventually "the next one" 60 has_generation 2
expect_eventually "the one after that" 60 has_generation 3
expect_equal "orders" "$(asked 'POST /new-order')" 1
expect_equal "requests for a certificate" "$(asked 'POST /finalize/0')" 1
expect_equal "the key" "$(key)" "$FIRST_KEY"
expect_success "it is good at this time" openssl x509 -in "$STATE/live/web/cert.pem" -noout -checkend 0

curl -sSfk -X POST "https://$PUBLIC/cancel"
ordered_again() { [[ $(asked 'POST /new-order') == 2 && $(key) != "$FIRST_KEY" ]]; }
expect_eventually "an order that is canceled is followed by another one, with another key" 60 ordered_again
expect_eventually "that is told" 10 daemon_said 'renews the certificate no more.*autoRenewalCanceled'
stop_daemon
expect_equal "exit status" "$STATUS" 0
expect_issued web www.ido.test
expect_equal "what the owner or its CA refused" "$(refused | grep -v /star/)" ""

# It is configured no more: the CA would renew it for nobody.
sed -i '/^\[\[certificate\]\]/,$d' "$CONFIG"
acmed_once
expect_equal "exit status without it" "$STATUS" 0
expect_match "its order is canceled" "$OUTPUT" 'web: CA lab renews the certificate of the former order no more'
expect_equal "by a request of the order" "$(asked 'POST /order/1')" 1
acmed_once
expect_equal "once" "$(asked 'POST /order/1')" 1
expect_equal "what it failed at" "$(cat "$WORK/owner/errors")" ""
