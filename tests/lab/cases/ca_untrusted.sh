#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The CA's HTTPS certificate leads to no root that this machine trusts.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

VICTIM_CA=second
start_failure_lab LAB_CA2=1
issue_both
VICTIM_TRUST=
make_due
lab mark
expect_trouble 'certificate.*(trust|verif|issuer)|(trust|verif).*certificate'
expect_equal "requests that reached the CA" "$(count pebble2 requests)" 0
expect_healthy
VICTIM_TRUST="trust = \"$LAB_CA_BUNDLE\""
expect_recovery
