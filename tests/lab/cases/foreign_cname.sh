#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The challenge name has become an alias into a zone that no provider serves.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

VICTIM_DOMAINS=(cname.test) VICTIM_ZONES=(cname.test acme-dlg.test)
start_failure_lab
issue_both
VICTIM_ZONES=(cname.test)
make_due
expect_trouble 'acme-dlg\.test'
expect_healthy
VICTIM_ZONES=(cname.test acme-dlg.test)
expect_recovery
