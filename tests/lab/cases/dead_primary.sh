#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The name server that takes the updates is down.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
issue_both
lab stop primary
make_due
expect_trouble '127\.0\.0\.4'
expect_healthy
lab start primary
expect_eventually "the primary is back" 10 no_txt_on "$LAB_PRIMARY" example.test
expect_recovery
