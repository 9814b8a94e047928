#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# This machine's clock is an hour ahead of the name server's: every signature is out of time, so all are in trouble.
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
