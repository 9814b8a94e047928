#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A certificate names two CAs: the second one issues while the first is away or limits the names, and the first one renews.
# shellcheck source=../odd.sh
source "$(dirname "$0")/../odd.sh"

start_odd_lab LAB_CA2=1
config() { # config KEY_TYPE
  {
    # shellcheck disable=SC2153
    printf '[ca.second]\ndirectory = "%s"\nterms_agreed = true\ntrust = "%s"\n\n' "$LAB_ACME2_DIRECTORY" "$LAB_CA_BUNDLE"
    provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test
    certificate web example.test '*.example.test'
    printf 'ca = ["lab", "second"]\nkey_type = "%s"\n' "$1"
  } | write_config
}
issuer() { jq -r .issued.directory "$STATE/certificates/web/state.json"; }

echo "--- the first one is away"
config ecdsa-p256
lab stop pebble
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "who issued" "$(issuer)" "$LAB_ACME2_DIRECTORY"
expect_match "that is told" "$OUTPUT" 'CA lab does not issue, the next one is asked'
expect_equal "the certificate" "$(generation web)" 0001

echo "--- it is back: the certificate stays until its renewal"
lab start pebble
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "no other order" "$(generation web)" 0001
config ecdsa-p384 # due at once
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "who renewed" "$(issuer)" "$LAB_ACME_DIRECTORY"

echo "--- the first one limits these names"
start_odd_ca <<'PY'
def odd(ca, request, usual):
    if request.resource == "new-order":
        return problem(429, "rateLimited", "too many certificates (5) already issued for this exact set of identifiers", Retry_After="600000")
    return usual()
PY
config rsa-2048
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "who issued" "$(issuer)" "$LAB_ACME2_DIRECTORY"
expect_equal "the first one was asked once" "$(odd_count new-order)" 1

echo "--- and is left alone until its time, though the second one is away"
lab stop pebble2
config rsa-3072
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "each is told with its reason" "$(grep '^failed: web' <<<"$OUTPUT")" 'lab: the CA said that it allows no more certificates for exactly these names until .*; second: '
expect_equal "the first one was not asked again" "$(odd_count new-order)" 1
expect_no_txt example.test
