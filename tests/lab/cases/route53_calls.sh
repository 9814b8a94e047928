#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One certificate for 100 names in 10 zones of Route 53: one call to list the zones, and two changes a zone.
OPERATOR=route53
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

zones=() names=() delegated=
for i in {0..9}; do
  zone=r$i.test
  zones+=("$zone")
  delegated+="$zone=$OPERATOR_ADDRESS "
  names+=("$zone" "*.$zone")
  for host in {1..8}; do names+=("h$host.$zone"); done
done

route53_settings() { # ten zones more
  local list="{\"id\": \"ZOPERATOR\", \"name\": \"$OPERATOR_ZONE\"}," zone
  for zone in "${zones[@]}"; do list+="{\"id\": \"Z${zone//[^0-9]/}\", \"name\": \"$zone\"},"; done
  printf '{"zones": [%s], "keys": {"AKIAACMED": {"secret": "%s"}}}\n' "${list%,}" "$(cat "$ROUTE53_DIR/secret-key")"
}

start_operator_lab LAB_DELEGATED="$OPERATOR_ZONE=$OPERATOR_ADDRESS $delegated"
write_config <<TOML
$(provider_route53 "$OPERATOR_ZONE" | sed "s/^zones = .*/zones = [$(quoted "${zones[@]}")]/")

$(certificate hundred "${names[@]}")
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued hundred "${names[@]}"

admin_route53 counts >"$WORK/counts.json"
called() { grep -oE "\"$1\": [0-9]+" "$WORK/counts.json" | grep -oE '[0-9]+' || echo 0; }
echo "  calls: $(<"$WORK/counts.json")"
expect_equal "calls that change" "$(called ChangeResourceRecordSets)" 20
expect_equal "calls that read records" "$(called ListResourceRecordSets)" 20
expect_at_most "calls that list zones, the check of the credentials included" "$(called ListHostedZonesByName)" 2
expect_equal "calls that were too many" "$(called Throttling)" 0
for zone in "${zones[@]}"; do
  expect_equal "what is left in $zone" "$(control values "_acme-challenge.$zone")$(control values "_acme-challenge.h8.$zone")" ""
done
