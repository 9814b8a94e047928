#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmectl asks a running daemon: a renewal followed step by step, a deployment, events, a wrong configuration refused with its faults; and the
# way from a wrong TSIG key to a certificate by acmectl alone.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

SOCKET=$WORK/daemon.sock
export ACMED_SOCKET=$SOCKET COLUMNS=400 # a sentence in a line
start_lab LAB_ZONES="example.test z1.test"
wrong=$WORK/key
sed "s|secret \".*\"|secret \"$(openssl rand -base64 32)\"|" "$LAB_TSIG_FILE" >"$wrong"
chmod 600 "$wrong"
mkdir "$WORK/copy"
TIMEOUT=5s
config() {
  write_config <<TOML
[control]
socket = "$SOCKET"
$(provider primary "$LAB_PRIMARY" "$wrong" example.test)
$(provider other "$LAB_PRIMARY" "$LAB_TSIG_FILE" z1.test)
$(certificate web example.test '*.example.test')
  [[certificate.deploy]]
  name = "copy"
  directory = "$WORK/copy"
$(certificate mail z1.test)
TOML
}
is_state() { [[ $("$ACMECTL" --config "$CONFIG" status --json "$1" 2>/dev/null | jq -r '.[0].state') == "$2" ]]; } # is_state NAME STATE

config
start_daemon
expect_eventually "the socket is there" 20 test -S "$SOCKET"
expect_eventually "mail is valid" 20 is_state mail valid
expect_eventually "web fails" 20 is_state web failing
ctl status
expect_equal "exit status with one that fails" "$STATUS" 1
expect_match "the worst first" "$(sed -n 2p "$WORK/ctl.out")" '^web +failing'
expect_match "what it says" "$(sed -n 3,5p "$WORK/ctl.out")" 'BADSIG|BADKEY|secret'
ctl doctor web --touch-dns
expect_equal "exit status of doctor" "$STATUS" 1
expect_match "the daemon's doctor names the key" "$OUTPUT" '^wrong +update '
expect_match "the mend" "$OUTPUT" '^ +mend +tsig in \[provider\.'
expect_equal "nothing on standard error" "$SAID" ""
acmed_once # has the daemon do it
expect_equal "exit status of --once with one that fails" "$STATUS" 1
expect_match "what it says" "$OUTPUT" '^failed: web: .*(BADSIG|BADKEY|secret).* \(next try 20'

# The file is read again by itself when it changes.
cat "$LAB_TSIG_FILE" >"$wrong"
ctl renew web
expect_equal "exit status of renew after the mend" "$STATUS" 0
for step in published propagat validated issued deployed; do # the order was made by the first try
  expect_match "the step $step" "$OUTPUT" "^${step}[a-z]* "
done
expect_match "the end" "$OUTPUT" '^web is renewed: [0-9]+ days left'
expect_issued web example.test '*.example.test'
expect_eventually "all is well" 20 is_state web valid
ctl status
expect_equal "exit status when all is well" "$STATUS" 0
expect_match "the CA" "$OUTPUT" '^2 certificates: 2 valid; CA lab open'
expect_match "the target" "$OUTPUT" '^web +valid .* copy$'
before=$(serial web)
acmed_once
expect_equal "exit status of --once when all is well" "$STATUS" 0
expect_match "by whom" "$OUTPUT" '^done by the acmed that runs'
expect_match "all is well" "$OUTPUT" '^all well: 2 certificate'
expect_equal "nothing was ordered" "$(serial web)" "$before"
ctl renew web --force
expect_equal "exit status of a renewal before its time" "$STATUS" 0
expect_match "it was ordered" "$OUTPUT" '^ordered +lab, 2 names +[0-9.]+ m?s$'
expect_different "another certificate" "$(serial web)" "$before"
rm "$WORK/copy/fullchain.pem"
ctl deploy web copy
expect_equal "exit status of deploy" "$STATUS" 0
expect_success "the copy is there again" test -s "$WORK/copy/fullchain.pem"
ctl deploy web cpoy
expect_equal "exit status for a target that there is not" "$STATUS" 1
expect_match "did you mean" "$SAID" 'did you mean copy'

echo "--- JSON is as the API's description says"
described() { python3 "$LAB_HOME/described.py" "$WORK/openapi.json" "$@" <"$WORK/ctl.out"; }
curl -sS --unix-socket "$SOCKET" http://acmed/v1/openapi.json >"$WORK/openapi.json"
ctl status --json
expect_success "status" described Certificate list
ctl show web --json
expect_success "show" described Certificate
ctl account list --json
expect_success "account" described Account list
ctl doctor --json
expect_success "doctor" described DoctorLine list
ctl deploy web copy --json
expect_success "deploy, when it has ended" described Operation
ctl deploy web copy --json --no-wait
expect_success "deploy, when it has begun" described Operation
ctl reload --json
expect_success "reload" jq -e '.faults == []' "$WORK/ctl.out"
ctl events --json
expect_success "events, one a line" jq -es 'length > 5 and all(.id > 0 and (.type | length) > 0 and (.time | length) > 0)' "$WORK/ctl.out"

# Watched from here on, until after a restart.
"$ACMECTL" --config "$CONFIG" status --watch >"$WORK/watched" 2>&1 &
watcher=$!
OPERATOR_PIDS+=("$watcher")
last_drawn() { tac "$WORK/watched" | sed '/^NAME /q' | tac; }
drawn() { last_drawn | grep -qE -- "$1"; }
expect_eventually "--watch shows all" 10 drawn '^2 certificates: 2 valid'
halt "$(component_pid pebble)" # so that the renewal lasts until it has been seen
ctl renew web --force --no-wait
expect_eventually "it shows the renewal" 20 drawn '^web +working'
kill -CONT "$(component_pid pebble)"
expect_eventually "and its end" 20 drawn '^web +valid'

ctl metrics --output "$WORK/acmed.prom"
expect_equal "exit status of metrics" "$STATUS" 0
expect_match "a textfile for node_exporter" "$(<"$WORK/acmed.prom")" '^acmed_certificate_state\{state="valid"\} 2$'
expect_equal "everybody may read it" "$(stat -c %a "$WORK/acmed.prom")" 644
cp "$WORK/acmed.prom" "$WORK/former.prom"
ctl metrics
expect_match "metrics on standard output" "$OUTPUT" '^acmed_build_info'
ctl events
expect_match "what has happened" "$OUTPUT" 'issued +web'
ctl show web
expect_match "where its files are" "$OUTPUT" "^files +$STATE/live/web"
expect_match "the target" "$OUTPUT" '^target +copy: generation 3'
echo 'nothing = 1' >"$WORK/broken.toml"
cat "$CONFIG" >>"$WORK/broken.toml"
cp "$CONFIG" "$WORK/right.toml"
cp "$WORK/broken.toml" "$CONFIG"
ctl reload
expect_equal "exit status of a reload that is refused" "$STATUS" 1
expect_match "the fault and its line" "$SAID" 'acmed.toml:1:1: nothing'
cp "$WORK/right.toml" "$CONFIG"
ctl reload
expect_equal "exit status of a reload" "$STATUS" 0
stop_daemon
expect_equal "exit status of acmed" "$STATUS" 0
expect_eventually "--watch goes on with what is on disk, and says so" 10 drawn 'from the configuration and the state directory'
ctl status --json
expect_success "status without a daemon is described" described Certificate list
ctl metrics --output "$WORK/acmed.prom"
expect_equal "exit status of metrics without a daemon" "$STATUS" 3
expect_success "the former file stays" cmp "$WORK/acmed.prom" "$WORK/former.prom"
start_daemon
expect_eventually "--watch hears the daemon again" 20 drawn '^2 certificates: .*CA lab open'
kill "$watcher"
wait "$watcher" || true
stop_daemon
ctl renew web
expect_equal "exit status without a daemon" "$STATUS" 3
