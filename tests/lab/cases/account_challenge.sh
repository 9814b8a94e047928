#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# dns-account-01: a name and its wildcard are proved at a name that belongs to the account at the CA, by a record or by an alias.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z0.test"
if [[ $LAB_LONG_ANSWERS != 1 ]]; then # it knows the challenge since 2.8, and how old it is the lab tells by this alone
  echo "skipped: this Pebble is older than 2.10"
  exit 0
fi
write_config <<TOML
$(primary_provider)
$(certificate web example.test '*.example.test')
challenge = "dns-account-01"
TOML

STATUS=0
plan=$("$ACMED" --config "$CONFIG" --check 2>&1) || STATUS=$?
expect_equal "exit status of --check without an account" "$STATUS" 0
expect_match "--check tells that the account decides" "$plan" 'below _acme-challenge.example.test \(at which name, the account at CA lab decides'

acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued web example.test '*.example.test'
expect_equal "UPDATE messages" "$(count primary UPDATE)" 2
name=$("$ACMED" --config "$CONFIG" --check 2>&1 | grep -oE '_[a-z2-7]{16}\._acme-challenge\.example\.test' | head -n 1)
expect_match "--check tells the account's name" "$name" '^_'
expect_success "that is where the values were" grep -qE "adding an RR at '$name'" "$WORK/lab/log/primary.log"
expect_success "nothing was at the name of dns-01" bash -c "! grep -qE \"RR at '_acme-challenge.example.test'\" '$WORK/lab/log/primary.log'"
for server in $LAB_PRIMARY $LAB_SECONDARIES; do
  expect_eventually "no TXT left at $server" 15 no_txt_on "$server" "$name"
done
