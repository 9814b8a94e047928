#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# dns-persist-01: the record is published once and stays; a renewal changes nothing in the DNS. Removed by somebody, it is there
# again at the next renewal; when the certificate is proved in another way, it goes.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test" LAB_AUTHZREUSE=0
if [[ $LAB_LONG_ANSWERS != 1 ]]; then
  echo "skipped: this Pebble is older than 2.10 and offers no dns-persist-01"
  exit 0
fi
configure() { # configure CHALLENGE
  write_config <<TOML
$(primary_provider)
$(certificate web example.test '*.example.test')
challenge = "$1"
TOML
}
records() { txt "$LAB_PRIMARY" _validation-persist.example.test; }
make_due() { # of the certificate in service, which began an hour ago by then
  jq '.issued.not_before = (now - 86400 | floor | todate) | .issued.issued_at = .issued.not_before | .issued.not_after = (now + 3600 | floor | todate) | del(.renewal)' \
    "$STATE/certificates/web/state.json" >"$WORK/edited" && cat "$WORK/edited" >"$STATE/certificates/web/state.json"
}

configure dns-persist-01
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued web example.test '*.example.test'
expect_equal "records" "$(records | wc -l)" 1
expect_match "what it says" "$(records)" "^\"[a-z.]+; accounturi=https://.*; policy=wildcard; persistUntil=[0-9]+\"$"
expect_equal "UPDATE messages" "$(count primary UPDATE)" 1

make_due
lab mark
acmed_once
expect_equal "exit status of the renewal" "$STATUS" 0
expect_equal "generation" "$(generation web)" 0002
expect_equal "UPDATE messages of the renewal" "$(count primary UPDATE)" 0
expect_equal "records still" "$(records | wc -l)" 1

kept=$(records)
lab nsupdate <<<$'zone example.test\nupdate delete _validation-persist.example.test TXT\nsend'
expect_equal "records that somebody left" "$(records | wc -l)" 0
make_due
acmed_once
expect_equal "exit status after somebody removed it" "$STATUS" 0
expect_equal "the record is there again" "$(records)" "$kept"

write_config <<TOML
$(primary_provider)
TOML
acmed_once
expect_equal "exit status without the certificate" "$STATUS" 0
expect_equal "records of a certificate that is configured no more" "$(records | wc -l)" 0
configure dns-persist-01
make_due
acmed_once
expect_equal "exit status when it is configured again" "$STATUS" 0
expect_equal "records" "$(records | wc -l)" 1

configure dns-01
acmed_once
expect_equal "exit status with another challenge" "$STATUS" 0
expect_equal "records" "$(records | wc -l)" 0
expect_equal "no certificate is ordered for that" "$(generation web)" 0004
expect_no_txt example.test
