#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ACME server of smallstep, which differs from Pebble in much: a name and its wildcard in two key types, a renewal, a revocation, what can be
# done with the account and what that CA refuses, and a CA that takes over for one that is down.
# shellcheck source=../smallstep.sh
source "$(dirname "$0")/../smallstep.sh"

SOCKET=$WORK/daemon.sock
export ACMED_SOCKET=$SOCKET COLUMNS=400 # a sentence in a line
start_lab LAB_ZONES="example.test z1.test"
start_smallstep 12h
config() { # config CERTIFICATES
  { printf '[control]\nsocket = "%s"\n' "$SOCKET"; smallstep_ca; primary_provider; printf '%s\n' "$1"; } | write_config
}
answers() { curl -sf --unix-socket "$SOCKET" http://acmed/v1/status >/dev/null; }
is_state() { [[ $("$ACMECTL" --config "$CONFIG" status --json "$1" 2>/dev/null | jq -r '.[0].state') == "$2" ]]; } # is_state NAME STATE

config "$(certificate web example.test '*.example.test')
ca = \"smallstep\"
key_type = [\"ecdsa-p384\", \"rsa-2048\"]"
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued web '*.example.test' example.test
expect_issued web.rsa '*.example.test' example.test
expect_match "the type of the first" "$(openssl x509 -in "$STATE/live/web/cert.pem" -noout -text)" 'P-384'
expect_match "of the second" "$(openssl x509 -in "$STATE/live/web.rsa/cert.pem" -noout -text)" 'Public-Key: \(2048 bit\)'
expect_no_txt example.test

start_daemon
expect_eventually "acmed answers" 20 answers
expect_eventually "web is valid" 20 is_state web valid
ctl renew web
expect_equal "exit status of a renewal" "$STATUS" 0
expect_equal "another one is in service" "$(generation web)" 0002
ctl revoke web --reason superseded --replace
expect_equal "exit status of revoke --replace" "$STATUS" 0
expect_match "the step" "$OUTPUT" '^revoked +generation 2, serial .*superseded'
expect_equal "another one is in service" "$(generation web)" 0003
ctl account roll-key smallstep
expect_equal "exit status of a change of the key, which that CA has not" "$STATUS" 1
expect_match "that is told" "$SAID" 'key'
ctl renew web
expect_equal "the account works with the key that it had" "$STATUS" 0
ctl account deactivate smallstep --yes
expect_equal "exit status of deactivate" "$STATUS" 0
ctl renew web
expect_equal "exit status of a renewal by a deactivated account" "$STATUS" 1
expect_match "how to have another one" "$SAID" 'acmectl account create smallstep'
ctl account create smallstep
expect_equal "exit status of create" "$STATUS" 0
ctl renew web
expect_equal "exit status of a renewal by the new account" "$STATUS" 0
expect_issued web '*.example.test' example.test
stop_daemon
expect_equal "exit status" "$STATUS" 0

config "$(certificate mail z1.test)
ca = [\"lab\", \"smallstep\"]"
lab stop pebble
acmed_once
expect_equal "exit status where the first CA is down" "$STATUS" 0
expect_issued mail z1.test
expect_no_txt z1.test
