#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two processes that know nothing of each other change one name in Route 53 at the same time, 200 rounds each: none of their
# values is ever lost, nor is somebody else's, and none is left.
OPERATOR=route53
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"
: "${ROUTE53_RACE:?set it to the path of the program}"

ROUNDS=200

start_operator_lab
admin_route53 set --data '{"burst": 1000000, "rate": 1000000, "most_skew": 86400, "latency": 0.001, "sync_delay": 0}'
control put "_acme-challenge.$OPERATOR_ZONE" somebody-elses
# Which of the zones it is takes a look at the DNS, whose time is not that of the programs.
provider_route53 "$OPERATOR_ZONE" | sed 's/^zones = /hosted_zone_id = "Z2DELEGATED"\n&/' | write_config

export RACE_CONFIG=$CONFIG RACE_ROUNDS=$ROUNDS RACE_VALUES="http://$ROUTE53_API/admin/values?name=_acme-challenge.$OPERATOR_ZONE"
"$ROUTE53_RACE" >"$WORK/one.out" 2>&1 &
first=$!
STATUS=0
"$ROUTE53_RACE" >"$WORK/two.out" 2>&1 || STATUS=$?
expect_equal "what the one process says" "$(<"$WORK/two.out") ($STATUS)" "$ROUNDS rounds (0)"
STATUS=0
wait "$first" || STATUS=$?
expect_equal "what the other says" "$(<"$WORK/one.out") ($STATUS)" "$ROUNDS rounds (0)"
expect_equal "what is left" "$(control values "_acme-challenge.$OPERATOR_ZONE")" somebody-elses
refused=$(admin_route53 counts | grep -oE '"InvalidChangeBatch": [0-9]+' | grep -oE '[0-9]+' || echo 0)
expect_at_most "changes that came too late and were made again: at least 20" 20 "$refused"
