#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The CA suggests when to renew (RFC 9773): acmed asks, renews in that window, and says which certificate it replaces.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test" LAB_VALIDITY=200
write_config <<TOML
$(primary_provider)
$(certificate web example.test)
TOML
if ! curl -sSf --cacert "$LAB_CA_BUNDLE" "$LAB_ACME_DIRECTORY" | jq -e .renewalInfo >/dev/null; then
  echo "skipped: this Pebble makes no suggestions"
  exit 0
fi
state() { jq -r "$1" "$STATE/certificates/web/state.json"; }
edit_state() { # edit_state FILTER
  jq "$1" "$STATE/certificates/web/state.json" >"$WORK/edited" && cat "$WORK/edited" >"$STATE/certificates/web/state.json"
}
suggest() { # suggest SECONDS SECONDS: a window from so many seconds from now to so many
  jq -n --rawfile certificate "$STATE/live/web/cert.pem" --argjson from "$1" --argjson to "$2" '
    {Certificate: $certificate, ARIResponse: ({suggestedWindow: {start: (now + $from | floor | todate), "end": (now + $to | floor | todate)},
      explanationURL: "https://ca.example/why"} | tojson)}' |
    curl -sSf --cacert "$LAB_CA_BUNDLE" --data-binary @- "${LAB_ACME_DIRECTORY%:*}:15000/set-renewal-info/"
}
case $(curl -s -o /dev/null -w '%{http_code}' --cacert "$LAB_CA_BUNDLE" --data '{}' "${LAB_ACME_DIRECTORY%:*}:15000/set-renewal-info/") in
  404)
    echo "skipped: this Pebble cannot be told what to suggest"
    exit 0
    ;;
esac
is_generation() { [[ $(generation web) == "$1" ]]; }

acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued web example.test
expect_match "the certificate's name at the CA" "$(state .renewal.certificate_id)" '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$'
expect_match "a time to renew" "$(state .renewal.renew_at)" '^20[0-9]{2}-'

# It lives 200 s: a fiftieth of that is its shortest use.
suggested_before() { # the CA suggests a time that is past, and is asked about it next
  suggest -60 -30
  edit_state '.renewal.ask_next = "2020-01-01T00:00:00Z"'
}
is_in_use() { (($(date +%s) - $(date -d "$(state .issued.issued_at)" +%s) > 5)); }
expect_eventually "it has had its shortest use" 10 is_in_use
suggested_before
acmed_once
expect_equal "who runs --once by a timer has it renewed by the run that asks" "$(generation web)" 0002

suggested_before
start_daemon
expect_eventually "a window in the past renews at once" 30 is_generation 0003
expect_eventually "the reason is told" 5 daemon_said 'suggests to renew between .* it explains this at https://ca.example/why'
expect_equal "orders that the CA did not take as a replacement" "$(grep -c 'ordered as a new certificate' "$WORK/daemon.out" || true)" 0
stop_daemon
expect_equal "exit status" "$STATUS" 0

# A CA that was set up anew knows neither the account nor the certificate.
lab stop pebble
lab start pebble
edit_state '.issued.not_before = (now - 3600 | floor | todate) | .issued.issued_at = .issued.not_before | .renewal.renew_at = "2020-01-01T00:00:00Z"'
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "a CA that cannot know what is replaced issues all the same" "$(generation web)" 0004
expect_match "that is told" "$OUTPUT" 'ordered as a new certificate'
expect_no_txt example.test
