#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An account at a real CA gets a new key, also when acmed is killed in the middle; it is deactivated, after which nothing is ordered until
# another one is asked for; and two accounts at one CA stay apart.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
: "${KILL_AT_ANSWER:?set it to the path of the preloaded library}" "${KILL_AT_RENAME:?and of this one}"

SOCKET=$WORK/daemon.sock
export ACMED_SOCKET=$SOCKET COLUMNS=400 # a sentence in a line
MOST_ANSWERS=30
start_lab LAB_ZONES="example.test z1.test"
config() { # config [TOML]: of the second account
  write_config <<TOML
[control]
socket = "$SOCKET"
[ca.second]
directory = "$LAB_ACME_DIRECTORY"
trust = "$LAB_CA_BUNDLE"
contact = ["mailto:second@example.test"]
terms_agreed = true
$1
limits = { orders = { most = 500, in = "3h" } }
[ca.lab.limits]
orders = { most = 500, in = "3h" }
$(primary_provider)
$(certificate web example.test)
$(certificate mail z1.test)
ca = "second"
TOML
}
config ''
STATUS=0
"$ACMED" --config "$CONFIG" --check >"$WORK/check.out" 2>&1 || STATUS=$?
expect_equal "exit status of --check with two contacts for one account" "$STATUS" 78
expect_match "the mend" "$(cat "$WORK/check.out")" 'account = "'
config 'account = "second"'

# The socket of one that was killed is still there.
answers() { curl -sf --unix-socket "$SOCKET" http://acmed/v1/status >/dev/null; }
is_state() { [[ $("$ACMECTL" --config "$CONFIG" status --json "$1" 2>/dev/null | jq -r '.[0].state') == "$2" ]]; } # is_state NAME STATE
key_of() { openssl pkey -in "$1" -pubout 2>/dev/null | sha256sum; }
keys() { for file in "$STATE"/accounts/*/key.pem; do key_of "$file"; done | sort; }
start() {
  start_daemon
  expect_eventually "acmed answers" 20 answers
}
start_or_end() { # where it may be killed at once
  start_daemon
  eventually 20 answers_or_gone || true
}
answers_or_gone() { answers || ! kill -0 "$DAEMON" 2>/dev/null; }
RUNNER=()
start
expect_eventually "web is valid" 30 is_state web valid
expect_eventually "mail is valid" 30 is_state mail valid
expect_equal "accounts at the CA" "$(ca_total accounts)" 2
ctl account list
expect_match "both are told" "$OUTPUT" 'account "second".*mailto:second@example.test'
expect_match "with what is used of a limit that is configured" "$OUTPUT" 'used: [1-9][0-9]* of 500 orders in 3 h'

before=$(keys)
ctl account roll-key lab
expect_equal "exit status of roll-key" "$STATUS" 0
expect_match "the end" "$OUTPUT" 'the account at lab has a new key'
expect_equal "keys that are as before" "$(comm -12 <(echo "$before") <(keys) | wc -l)" 1
ctl renew web --force
expect_equal "exit status of a renewal with the new key" "$STATUS" 0
ctl account roll-key labb
expect_match "did you mean" "$SAID" 'did you mean lab'
stop_daemon

expect_settled() { # expect_settled WHAT: the next daemon knows which key the account has
  start
  ctl renew web --force
  expect_equal "$1: exit status of a renewal afterwards" "$STATUS" 0
  expect_equal "$1: keys that are left over" "$(find "$STATE/accounts" -name next_key.pem | wc -l)" 0
}

# Killed at each answer of the CA in turn, acmed finds out which key the account has.
killed=0
for ((answer = 1; answer <= MOST_ANSWERS; answer++)); do
  RUNNER=(env "LD_PRELOAD=$KILL_AT_ANSWER" "ACMED_TEST_KILL_AT=$answer" "ACMED_TEST_KILL_PEER=$(sed -E 's,^https://([^/]*)/.*,\1,; s,localhost,127.0.0.1,' <<<"$LAB_ACME_DIRECTORY")")
  start
  ctl account roll-key lab
  ended=$STATUS
  RUNNER=()
  if [[ $ended == 0 ]]; then
    stop_daemon
    break
  fi
  wait "$DAEMON" || true
  killed=$((killed + 1))
  expect_settled "answer $answer"
  stop_daemon
done
expect_at_most "answers at which it was killed, at least 3" 3 "$killed"
# Killed before each rename in turn: one of them is the new key's, which the CA has by then.
found=0
for ((step = 1; step <= MOST_ANSWERS; step++)); do
  RUNNER=(env "LD_PRELOAD=$KILL_AT_RENAME" "ACMED_TEST_KILL_BEFORE=$step")
  start_or_end
  ended=3
  if answers; then
    ctl account roll-key lab
    ended=$STATUS
  fi
  RUNNER=()
  if [[ $ended == 0 ]]; then
    stop_daemon
    break
  fi
  wait "$DAEMON" || true
  expect_settled "step $step"
  if daemon_said 'was changed before acmed ended: the new one is used'; then found=$((found + 1)); fi
  stop_daemon
done
expect_equal "keys that the CA had when acmed was killed" "$found" 1
expect_equal "accounts at the CA" "$(ca_total accounts)" 2

start
ctl account deactivate lab </dev/null
expect_equal "exit status where nobody can be asked" "$STATUS" 2
ctl account deactivate lab --yes
expect_equal "exit status of deactivate" "$STATUS" 0
ctl account list
expect_match "it is told" "$OUTPUT" 'deactivated '
ctl renew web --force
expect_equal "exit status of a renewal by a deactivated account" "$STATUS" 1
expect_match "how to have another one" "$SAID" 'acmectl account create lab'
expect_equal "accounts at the CA" "$(ca_total accounts)" 2
ctl renew mail --force
expect_equal "exit status of a renewal by the other account" "$STATUS" 0
stop_daemon
certificate late www.example.test >>"$CONFIG"
start
expect_eventually "one that was added meanwhile fails" 30 is_state late failing
next=$(jq -r '.trouble.next_try' "$STATE/certificates/late/state.json")
ctl account create lab
expect_equal "exit status of create" "$STATUS" 0
expect_eventually "it is tried again at once" 30 is_state late valid
expect_at_most "before it would have been" "$(date +%s)" "$(date -d "$next" +%s)"
ctl renew web --force
expect_equal "exit status of a renewal by the new account" "$STATUS" 0
expect_equal "accounts at the CA" "$(ca_total accounts)" 3
expect_issued web example.test
stop_daemon
