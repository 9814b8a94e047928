#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two processes with separate state change the same name of an operator that replaces whole sets, 200 times each: no value is lost
# when the CA would be told of it, none is left, and a foreign one stays. Then two acmed do the same with a real CA.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"
: "${RIVAL:?set it to the path of the program}"

ROUNDS=200
start_operator_lab
challenge=_acme-challenge.$OPERATOR_ZONE
control put "$challenge" somebody-elses
operator_config </dev/null

for rival in 1 2; do
  "$RIVAL" "$CONFIG" "$challenge" "$ROUNDS" "$OPERATOR_ADDRESS" >"$WORK/rival$rival" 2>&1 &
  rivals[rival]=$!
done
for rival in 1 2; do
  status=0
  wait "${rivals[rival]}" || status=$?
  expect_equal "rival $rival: exit status" "$status" 0
  expect_equal "rival $rival: values lost in $ROUNDS rounds" "$(sed -n 's/^lost //p' "$WORK/rival$rival")" 0
  sed 's/^/  | /' "$WORK/rival$rival"
done
expect_different "they undid each other's changes" "$(grep -ch '^put back [1-9]' "$WORK"/rival? | paste -sd ' ')" "0 0"
expect_equal "what is left" "$(control values "$challenge")" somebody-elses

# Two daemons of the same name and configuration, on two hosts that know nothing of each other.
operator_config < <(certificate both "$OPERATOR_ZONE" "*.$OPERATOR_ZONE")
sed "s|^state_directory.*|state_directory = \"$WORK/state2\"|" "$CONFIG" >"$WORK/second.toml"
"$ACMED" --config "$WORK/second.toml" --once >"$WORK/second.out" 2>&1 &
second=$!
acmed_once
expect_equal "exit status" "$STATUS" 0
STATUS=0
wait "$second" || STATUS=$?
expect_equal "exit status of the other" "$STATUS" 0
expect_issued both "$OPERATOR_ZONE" "*.$OPERATOR_ZONE"
STATE=$WORK/state2 expect_issued both "$OPERATOR_ZONE" "*.$OPERATOR_ZONE"
expect_equal "what is left" "$(control values "$challenge")" somebody-elses
