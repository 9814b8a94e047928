#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two certificates at once in one zone of the operator, a name of which both have: what was at the challenge name before is there afterwards,
# nothing else is, and no secret was told.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

start_operator_lab
names=("$OPERATOR_ZONE" "*.$OPERATOR_ZONE" "www.$OPERATOR_ZONE")
foreign=
if control put "_acme-challenge.$OPERATOR_ZONE" somebody-elses; then foreign=somebody-elses; fi
operator_config <<TOML
$(certificate one "${names[@]}")
$(certificate two "$OPERATOR_ZONE" "mail.$OPERATOR_ZONE")
TOML

# shellcheck disable=SC2034
ACMED_ARGUMENTS=(--verbose)
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued one "${names[@]}"
expect_issued two "$OPERATOR_ZONE" "mail.$OPERATOR_ZONE"
expect_equal "what is left at the challenge name" "$(control values "_acme-challenge.$OPERATOR_ZONE")" "$foreign"
for host in www mail; do
  expect_equal "what is left for $host" "$(control values "_acme-challenge.$host.$OPERATOR_ZONE")" ""
done
expect_no_secret "$WORK/acmed.out"
