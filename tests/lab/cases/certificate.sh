#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A certificate through the operator: what was at the challenge name before is there afterwards, nothing else is, and no
# secret was told.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

start_operator_lab
names=("$OPERATOR_ZONE" "*.$OPERATOR_ZONE" "www.$OPERATOR_ZONE")
foreign=
if control put "_acme-challenge.$OPERATOR_ZONE" somebody-elses; then foreign=somebody-elses; fi
operator_config < <(certificate "$OPERATOR" "${names[@]}")

# shellcheck disable=SC2034
ACMED_ARGUMENTS=(--verbose)
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued "$OPERATOR" "${names[@]}"
expect_equal "what is left at the challenge name" "$(control values "_acme-challenge.$OPERATOR_ZONE")" "$foreign"
expect_equal "what is left at the other" "$(control values "_acme-challenge.www.$OPERATOR_ZONE")" ""
expect_no_secret "$WORK/acmed.out"
