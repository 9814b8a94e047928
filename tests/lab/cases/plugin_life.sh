#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A plug-in's program in a daemon's life: it ends when nothing is to be done, is started again when it was killed in the middle,
# and does not outlive an acmed that is ended while it hangs. What was in the DNS then is removed after the next start.
OPERATOR="exec"
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

running() { pgrep -f zone_files.py >/dev/null; }
none_running() { ! running; }
has_value() { [[ -n $(control values "_acme-challenge.$1") ]]; }
issued() { [[ -e $STATE/live/$1/cert.pem ]]; }

start_operator_lab
operator_config < <(certificate first "$OPERATOR_ZONE")
start_daemon
expect_eventually "the first certificate is there" 20 issued first
expect_eventually "the program rests afterwards" 10 none_running

control fault silent # the change is made, and its answer never comes
operator_config < <(certificate first "$OPERATOR_ZONE"; certificate second "www.$OPERATOR_ZONE")
kill -HUP "$DAEMON"
expect_eventually "the value of the second is made" 20 has_value "www.$OPERATOR_ZONE"
expect_success "the program is busy" running
control heal
kill -KILL "$(pgrep -of zone_files.py)" # what it had in hand fails, and is tried again
expect_eventually "the failure is told with its reason" 10 grep -q "second: not issued: provider exec: .* was ended by signal 9 (Killed)" "$WORK/daemon.out"
kill -HUP "$DAEMON"
expect_eventually "the second certificate is there" 20 issued second

control fault silent
operator_config < <(certificate third "mail.$OPERATOR_ZONE")
kill -HUP "$DAEMON"
expect_eventually "the value of the third is made" 20 has_value "mail.$OPERATOR_ZONE"
stop_daemon
expect_equal "exit status" "$STATUS" 0
expect_at_most "milliseconds to the end" "$ELAPSED" 5000
expect_success "the program has ended too" none_running
expect_success "the value is still there" has_value "mail.$OPERATOR_ZONE"

control heal
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued third "mail.$OPERATOR_ZONE"
expect_equal "what is left of all" "$(control values "_acme-challenge.*$OPERATOR_ZONE")" ""
expect_no_secret "$WORK/daemon.out" "$WORK/acmed.out"
expect_match "the words of a careless program" "$(<"$WORK/daemon.out")" 'provider exec: .*\*\*\*'
