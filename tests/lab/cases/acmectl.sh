#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmectl without a daemon: what the configuration and the state directory tell, and which exit status says what.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z1.test"
write_config <<TOML
$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test z1.test)
$(certificate web example.test)
$(certificate mail z1.test)
TOML
ctl status
expect_equal "exit status before the first certificate" "$STATUS" 0
expect_match "there is none yet" "$OUTPUT" '^web +missing '
expect_match "it says where this is from" "$SAID" 'from the configuration and the state directory: .*no control socket'
expect_success "nothing was made" test ! -e "$STATE"
acmed_once
ctl status
expect_equal "exit status when all is well" "$STATUS" 0
expect_match "it is valid" "$OUTPUT" '^web +valid .* d .* lab '
expect_match "the summary" "$OUTPUT" '^2 certificates: 2 valid'
expect_equal "the widest line" "$(awk '{ if (length > m) m = length } END { print (m <= 80) }' "$WORK/ctl.out")" 1
ctl show web
expect_match "its serial" "$OUTPUT" "serial $(serial web | tr A-F a-f)"
ctl status --json web
expect_equal "JSON" "$(jq -r '.[].name' "$WORK/ctl.out")" web
ctl status wbe
expect_equal "exit status for a name that there is not" "$STATUS" 1
expect_match "did you mean" "$SAID" 'did you mean web'
ctl config
expect_match "the configuration" "$OUTPUT" '^domains = \["example.test"\]'
expect_success "no secret in it" sh -c "! grep -qF '$LAB_TSIG_SECRET' '$WORK/ctl.out'"
expect_match "a secret is masked" "$OUTPUT" 'secret = "\*\*\*"'
ctl renew web
expect_equal "exit status without a daemon" "$STATUS" 3
ctl status --no-such-option
expect_equal "exit status for wrong usage" "$STATUS" 2
ctl renwe web
expect_equal "exit status for an unknown verb" "$STATUS" 2
expect_match "which one may be meant" "$SAID" 'no verb "renwe"; did you mean renew\?'
for verb in $("$ACMECTL" 2>&1 | sed -n 's/^say what to do: //p' | sed 's/,\| or / /g'); do
  expect_match "acmed knows that $verb is a verb of acmectl" "$("$ACMED" "$verb" 2>&1 || true)" "acmectl: acmectl $verb\$"
done
for verb in '' status renew revoke doctor metrics; do
  expect_equal "the widest line of acmectl $verb --help" "$(COLUMNS=80 "$ACMECTL" $verb --help | awk 'length > 80' | wc -l)" 0
done
for shell in bash zsh fish; do
  ctl completion "$shell"
  expect_match "completions for $shell" "$OUTPUT" 'acmectl completion names'
done
ctl completion names
expect_equal "names for completions" "$(sort <<<"$OUTPUT" | paste -sd ' ')" "mail web"

# One fails: the worst comes first, with its sentence.
lab stop primary
sed -i 's/^name = "mail"/name = "mail"\nkey_type = "ecdsa-p384"/; s/timeout = ".*"/timeout = "2s"/' "$CONFIG"
acmed_once
ctl status
expect_equal "exit status when one fails" "$STATUS" 1
expect_match "the worst first" "$(sed -n 2p "$WORK/ctl.out")" '^mail +failing'
expect_match "its sentence" "$(sed -n 3p "$WORK/ctl.out")" '^  .'

# With a daemon: what it says is shown, and an operation is followed to its end.
python3 "$LAB_HOME/../fakes/control_api.py" "$WORK/control.sock" "$WORK/requests" &
OPERATOR_PIDS+=($!)
expect_eventually "the API answers" 10 test -S "$WORK/control.sock"
ctl status
expect_equal "exit status with one that fails" "$STATUS" 1
expect_match "the daemon is asked" "$OUTPUT" '^2 certificates: 1 valid, 1 failing; CA lab open'
expect_match "what it says is cleaned" "$OUTPUT" '^  no \[2J luck'
expect_equal "nothing on standard error" "$SAID" ""
watched() { grep -c '^2 certificates' "$WORK/watched" || true; } # how often it was drawn
looks() { grep -cx 'GET /v1/certificates' "$WORK/requests"; }
"$ACMECTL" --config "$CONFIG" --socket "$WORK/control.sock" status --watch >"$WORK/watched" 2>&1 &
watcher=$!
OPERATOR_PIDS+=("$watcher")
expect_eventually "--watch shows them" 10 grep -q '^mail *failing' "$WORK/watched"
has_looked() { (($(looks) != $1)); } # has_looked BEFORE
is_quiet() { ! eventually 1 has_looked "$(looks)"; } # for a second
expect_eventually "what the first events tell is seen" 10 is_quiet
before=$(looks)
ctl show mai
expect_equal "exit status for an unknown name" "$STATUS" 1
expect_match "the sentence" "$SAID" 'did you mean web'
ctl renew web
expect_equal "exit status of renew" "$STATUS" 0
expect_equal "its steps, once each" "$(cut -d' ' -f1 <<<"$OUTPUT" | paste -sd ' ')" "ordered propagation issued web"
ctl renew mail
expect_equal "exit status of a renewal that fails" "$STATUS" 1
expect_match "the reason" "$SAID" '^mail, issue: the CA refuses'
ctl renew web --no-wait
expect_equal "the operation" "$OUTPUT" web
expect_at_most "looks of --watch without an event, but when the minute changed" $(($(looks) - before)) 1
ctl deploy web nginx
expect_equal "exit status of deploy" "$STATUS" 0
ctl events
expect_equal "exit status of events" "$STATUS" 0
expect_equal "those that are kept" "$(grep -c 'web: event' "$WORK/ctl.out")" 3
kill "$watcher"
STATUS=0
wait "$watcher" || STATUS=$?
expect_equal "exit status of --watch that was ended" "$STATUS" 0
expect_equal "drawn once, as nothing has changed" "$(watched)" 1

says() { # says STATUS REGEX WORD...: what acmectl ends with, and says on standard error
  ctl "${@:3}"
  expect_equal "exit status" "$STATUS" "$1"
  expect_match "what it says" "$SAID" "$2"
}
says 2 '^there is no verb "stauts"; did you mean status' stauts
says 2 '^there is no verb "list"; it is acmectl status' list
says 2 'it is systemctl restart acmed$' restart
says 2 '^acmectl renew wants the name of a certificate; acmectl status tells them' renew
says 2 '^acmectl renew has no option --forse; did you mean --force' renew web --forse
says 2 '^acmectl renew has no option --all; it has --force, --no-wait and --json$' renew --all
says 2 '^acmectl events has no option -n; it has --follow and --json$' events -n 10
says 2 '^--force stands behind its verb: acmectl renew --force$' --force renew web
says 2 '^"mail" is a word too many for acmectl show$' show web mail
says 2 '^--generation: "zero" is no whole number above 0$' revoke web --generation zero
says 2 '^ACTION: "lst" is not known; did you mean list' account lst
says 2 '^SHELL: "tcsh" is not known; there is bash, zsh and fish$' completion tcsh
says 2 '^--output wants a value' metrics --output
says 1 'cannot be written: there is no folder /nowhere$' metrics --output /nowhere/acmed.prom
says 1 '^no certificate is named "example.test"; that domain is in web$' status example.test
expect_equal "help VERB is VERB --help" "$("$ACMECTL" help renew)" "$("$ACMECTL" renew --help)"
before=$(grep -c '/renew' "$WORK/requests")
says 1 'did you mean web' renew web mial
expect_equal "none is ordered where one is misspelt" "$(grep -c '/renew' "$WORK/requests")" "$before"
export ACMED_SOCKET=$WORK
says 3 ' is no socket: ' renew web
export ACMED_SOCKET=$WORK/none CONFIG_WAS=$CONFIG CONFIG=$WORK/no.toml
says 3 'there is no control socket .*: acmed does not run .* Without it the configuration is looked at: .*no\.toml: there is no such file' status
says 3 'there is no control socket ' show web
CONFIG=$CONFIG_WAS
unset ACMED_SOCKET
acmed_says() { # acmed_says REGEX WORD...: of a wrong command line
  STATUS=0
  SAID=$("$ACMED" --config "$CONFIG" "${@:2}" 2>&1 >/dev/null) || STATUS=$?
  expect_equal "exit status of acmed ${*:2}" "$STATUS" 2
  expect_match "what it says" "$SAID" "$1"
}
acmed_says '^acmed has no option --chek; did you mean --check' --chek
acmed_says '^it is an option: acmed --check$' check
acmed_says 'asked by acmectl: acmectl status$' status
acmed_says '^acmed knows no "restart"; it is systemctl restart acmed$' restart
acmed_says '^the configuration is named by an option: acmed --config /etc/acmed/acmed.toml$' /etc/acmed/acmed.toml --check
acmed_says '^the whole configuration is checked; --check --dns web looks at one certificate$' --check web
acmed_says '^--once takes no such value$' --once=web
acmed_says '^--dns requires --check$' --dns
if [[ $EUID == 0 ]]; then
  chmod 755 "$WORK"
  (umask 077 && cp "$CONFIG" "$WORK/secret.toml")
  SAID=$(setpriv --reuid=daemon --regid=daemon --clear-groups "$ACMED" --config "$WORK/secret.toml" --check 2>&1 || true)
  expect_match "who may not read it is told who may" "$SAID" "Permission denied; run it as acmed's user: sudo -u acmed"
fi

coproc TERMINAL {
  NO_COLOR=1 exec python3 "$LAB_HOME/terminal.py" 24 100 "$ACMECTL" --config "$CONFIG" --socket "$WORK/control.sock" status --watch >"$WORK/terminal" 2>&1
}
OPERATOR_PIDS+=("$TERMINAL_PID")
screen() { tr -d '\r' <"$WORK/terminal" | awk 'BEGIN { RS = "\033\\[H\033\\[J" } { last = $0 } END { printf "%s", last }'; }
shows() { grep -qE -- "$1" <<<"$(screen)"; }
expect_eventually "--watch fills a terminal" 10 shows '^2 certificates'
echo "4 100" >&"${TERMINAL[1]}"
expect_eventually "a terminal that becomes lower" 10 shows '^and [0-9]+ more lines'
expect_equal "no line is lost at the top" "$(screen | sed -n '1s/ .*//p')" NAME
echo "24 60" >&"${TERMINAL[1]}"
expect_eventually "one that becomes higher" 10 shows '^2 certificates'
longest() { screen | LC_ALL=C.UTF-8 sed 's/[^ -~]/x/g'  | awk '{ if (length > most) most = length } END { print most }'; }
expect_at_most "columns of one that becomes narrower" "$(longest)" 60
kill "$TERMINAL_PID"

ctl reload
expect_equal "exit status of a reload that is refused" "$STATUS" 1
expect_match "the fault" "$SAID" '^/etc/acmed/acmed.toml:3:1: nothing: is unknown'
ctl doctor
expect_equal "exit status of doctor" "$STATUS" 1
expect_match "the mend" "$OUTPUT" '^ +mend +make one'
