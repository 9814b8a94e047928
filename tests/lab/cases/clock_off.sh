#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# This machine's clock is an hour ahead of the name server's: every signature is out of time, so all are in trouble. One that is years off is told, too.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
issue_both
make_due
RUNNER=(env "LD_PRELOAD=${CLOCK_AHEAD:?set it to the path of the preloaded library}" ACMED_TEST_CLOCK_AHEAD=3600)
expect_trouble 'BADTIME|clock'
# shellcheck disable=SC2034
RUNNER=()
expect_recovery

echo "--- a clock that is ten years ahead"
STATE=$WORK/fresh
RUNNER=(env "LD_PRELOAD=$CLOCK_AHEAD" ACMED_TEST_CLOCK_AHEAD=315360000)
acmed_once
# shellcheck disable=SC2034
RUNNER=()
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$(grep '^failed: victim:' <<<"$OUTPUT" || true)" \
  "has expired by this host's clock, which says $(($(date +%Y) + 10))|has expired by this host's clock, which says $(($(date +%Y) + 9))"
