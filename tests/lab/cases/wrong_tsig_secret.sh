#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The server has the key's name under another secret.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
issue_both
VICTIM_KEY=$WORK/wrong.key
sed "s|secret \".*\"|secret \"$(openssl rand -base64 32)\"|" "$LAB_TSIG_FILE" >"$VICTIM_KEY"
chmod 600 "$VICTIM_KEY"
make_due
expect_trouble 'BADSIG|secret'
expect_healthy
VICTIM_KEY=
expect_recovery
