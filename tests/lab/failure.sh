# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# failure.sh - sourced by the cases of trouble. Two certificates are issued; then everything is due, and something in the way
# of `victim` is broken. Nothing of `victim`'s may reach `healthy`, which has a zone, a name server and, where the CA
# is the trouble, a CA of its own.
# shellcheck source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

VICTIM_DOMAINS=(example.test '*.example.test')
VICTIM_ZONES=(example.test)
VICTIM_SERVER='' VICTIM_KEY='' VICTIM_CA=lab VICTIM_TRUST='' VICTIM_EXTRA=''
KEY_TYPES=(ecdsa-p256 ecdsa-p384 rsa-2048 rsa-3072)

failure_config() {
  {
    provider victims "${VICTIM_SERVER:-$LAB_PRIMARY}" "${VICTIM_KEY:-$LAB_TSIG_FILE}" "${VICTIM_ZONES[@]}"
    TSIG_NAME=lab-key provider healthy "$LAB_TLD" "$LAB_TSIG_FILE" island.test
    if [[ $VICTIM_CA != lab ]]; then
      printf '[ca.%s]\ndirectory = "%s"\nterms_agreed = true\n%s\n\n' "$VICTIM_CA" "$LAB_ACME2_DIRECTORY" "$VICTIM_TRUST"
    fi
    certificate victim "${VICTIM_DOMAINS[@]}"
    printf 'ca = "%s"\nkey_type = "%s"\n%s\n' "$VICTIM_CA" "${KEY_TYPES[0]}" "$VICTIM_EXTRA"
    certificate healthy island.test
    printf 'key_type = "%s"\n' "${KEY_TYPES[0]}"
  } | write_config
}

start_failure_lab() { # start_failure_lab NAME=VALUE...
  start_lab LAB_ZONES="example.test sub.example.test" "$@"
  [[ $VICTIM_CA == lab ]] || VICTIM_TRUST="trust = \"$LAB_CA_BUNDLE\""
  TIMEOUT=3s
}

issue_both() {
  failure_config
  acmed_once
  expect_equal "exit status before the trouble" "$STATUS" 0
  remember
}

remember() {
  OLD_VICTIM=$(live victim)
  OLD_HEALTHY=$(live healthy)
  OLD_FILES=$(sha256sum "$STATE"/live/victim/*.pem 2>/dev/null || true)
}

# A certificate is due at once when another kind of key is asked for.
make_due() {
  KEY_TYPES=("${KEY_TYPES[@]:1}")
  failure_config
}

expect_trouble() { # expect_trouble REGEX: what acmed must say, in one line, of `victim`
  acmed_once
  expect_equal "exit status" "$STATUS" 1
  expect_match "the sentence" "$(grep "^failed: victim:" <<<"$OUTPUT" || true)" "$1"
  expect_equal "the old certificate stays in service" "$(live victim)" "$OLD_VICTIM"
  expect_equal "its files are as they were" "$(sha256sum "$STATE"/live/victim/*.pem 2>/dev/null || true)" "$OLD_FILES"
}

expect_healthy() {
  expect_different "the other certificate was renewed" "$(live healthy)" "$OLD_HEALTHY"
  expect_issued healthy island.test
}

expect_recovery() { # once the trouble is over, the next run puts all right
  failure_config
  acmed_once
  expect_equal "exit status after the trouble" "$STATUS" 0
  expect_different "the victim has a new certificate" "$(live victim)" "$OLD_VICTIM"
  expect_no_txt example.test
}
