#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is known of a certificate cannot be read: it is set aside and told, and the certificate stays in service. An account whose key is damaged
# is set aside for another one. A configuration that has become empty is not "all well".
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
issue_both
echo '{ "order": garbage' >"$STATE/certificates/victim/state.json"
orders=$(ca_total orders)
acmed_once
expect_match "the sentence" "$OUTPUT" 'state\.json'
expect_success "the unreadable file was set aside" compgen -G "$STATE/certificates/victim/state.json.corrupt-*"
expect_success "the certificate in service is whole" test -s "$STATE/live/victim/fullchain.pem"
expect_equal "the other certificate is left alone" "$(live healthy)" "$OLD_HEALTHY"
acmed_once
expect_equal "orders for a certificate that is still good" "$(ca_total orders)" "$orders"
expect_equal "exit status of the next run" "$STATUS" 0
expect_issued victim "${VICTIM_DOMAINS[@]}"

echo "--- a power cut has left the beginnings of the accounts' keys"
for key in "$STATE"/accounts/*/key.pem; do truncate -s 40 "$key"; done
make_due
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_match "the sentence" "$OUTPUT" 'the key of the account in .* is damaged: what is left is kept as .*corrupt'
expect_issued victim "${VICTIM_DOMAINS[@]}"

echo "--- nothing is configured"
echo "state_directory = \"$STATE\"" >"$CONFIG"
acmed_once
expect_match "the warning" "$OUTPUT" 'there is no \[\[certificate\]\] yet, so nothing is kept'
expect_equal "lines that say that all is well" "$(grep -c 'all well' <<<"$OUTPUT" || true)" 0
expect_no_txt example.test

echo "--- a wrong configuration, and nobody can be told"
echo "[[[" >"$CONFIG"
STATUS=0
"$ACMED" --config "$CONFIG" --once 2>/dev/full || STATUS=$?
expect_equal "exit status with a full disk for the log" "$STATUS" 78
