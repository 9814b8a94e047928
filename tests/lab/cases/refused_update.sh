#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The server knows the key and grants it nothing.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
issue_both
VICTIM_KEY=$WORK/lab/dead-key.key
make_due
expect_trouble 'REFUSED|refuse'
expect_healthy
VICTIM_KEY=
expect_recovery
