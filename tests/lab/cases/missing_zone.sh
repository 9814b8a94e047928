#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The zone does not exist in the DNS, though a provider is said to serve it.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
VICTIM_DOMAINS=(nowhere.test) VICTIM_ZONES=(nowhere.test)
failure_config
remember
expect_trouble 'nowhere\.test'
expect_healthy
expect_equal "the victim has no certificate" "$(live victim)" none
