#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One of three authoritative servers is down: the CA might ask it, so it is not told; the values are withdrawn.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
issue_both
lab stop sec1
make_due
lab mark
expect_trouble '127\.0\.0\.2'
expect_eventually "the values are withdrawn at the primary" 5 no_txt_on "$LAB_PRIMARY" _acme-challenge.example.test
expect_healthy
lab start sec1
expect_eventually "the secondary is back" 10 no_txt_on 127.0.0.2 example.test
expect_no_txt example.test
expect_recovery
