#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nobody listens at the CA's address.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

VICTIM_CA=second
start_failure_lab LAB_CA2=1
issue_both
lab stop pebble2
make_due
expect_trouble '127\.0\.0\.1:14001.*(connect|reach|refuse)|(connect|reach|refuse).*127\.0\.0\.1:14001'
expect_healthy
expect_no_txt example.test
