#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The server does not know the key's name.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
issue_both
VICTIM_KEY=$WORK/unknown.key
sed 's/lab-key/nobody-key/' "$LAB_TSIG_FILE" >"$VICTIM_KEY"
chmod 600 "$VICTIM_KEY"
make_due
expect_trouble 'BADKEY|nobody-key'
expect_healthy
VICTIM_KEY=
expect_recovery
