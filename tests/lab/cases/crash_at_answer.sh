#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Killed at each answer of the operator in turn, before it is read, acmed goes on at its next start: the certificate is issued, no value of
# ours is left, and what others put there stays.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"
: "${KILL_AT_ANSWER:?set it to the path of the preloaded library}"

MOST_ANSWERS=40

start_operator_lab
foreign=
if control put "_acme-challenge.$OPERATOR_ZONE" somebody-elses; then foreign=somebody-elses; fi
operator_config < <(certificate "$OPERATOR" "$OPERATOR_ZONE" "*.$OPERATOR_ZONE")

for ((answer = 1; answer <= MOST_ANSWERS; answer++)); do
  rm -rf "$STATE"
  RUNNER=(env "LD_PRELOAD=$KILL_AT_ANSWER" "ACMED_TEST_KILL_AT=$answer" "ACMED_TEST_KILL_PEER=$(answers)")
  acmed_once
  # shellcheck disable=SC2034
  RUNNER=()
  [[ $STATUS == 137 ]] || break
  acmed_once
  expect_equal "answer $answer: exit status after the crash" "$STATUS" 0
  expect_issued "$OPERATOR" "$OPERATOR_ZONE" "*.$OPERATOR_ZONE"
  expect_equal "answer $answer: what is left at the challenge name" \
    "$(control values "_acme-challenge.$OPERATOR_ZONE")" "$foreign"
done
expect_at_most "answers at which it was killed, at least 3" 3 "$((answer - 1))"
