#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nothing more can be written: nothing is begun that could not be remembered, so no TXT appears.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
mkdir "$STATE"
mount -t tmpfs -o size=1m,mode=750 lab-state "$STATE"
issue_both
dd if=/dev/zero of="$STATE/filler" bs=4k 2>/dev/null || true
make_due
lab mark
expect_trouble 'no space left'
expect_equal "UPDATE messages" "$(count primary UPDATE)" 0
expect_no_txt example.test
rm "$STATE/filler"
expect_recovery
expect_healthy
