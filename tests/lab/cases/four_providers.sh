#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One certificate for names in zones of four operators, each changed by its own provider: dynamic update, Cloudflare, Route 53 and
# PowerDNS's API.
OPERATOR=cloudflare
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

operators=(bind cloudflare powerdns_api route53)
names=() delegated='' number=30
for operator in "${operators[@]}"; do
  # shellcheck disable=SC1090
  source "$LAB_HOME/operators/$operator.sh"
  zone=${operator%_api}.test
  names+=("$zone" "*.$zone")
  delegated+=" $zone=127.0.0.$((number++))"
done
start_lab LAB_ZONES=example.test LAB_DELEGATED="$delegated"
number=30
for operator in "${operators[@]}"; do
  zone=${operator%_api}.test address=127.0.0.$((number++))
  "start_$operator" "$zone" "$address"
  expect_eventually "$operator serves $zone" 20 serves_zone "$zone" "$address"
done
write_config < <(
  for operator in "${operators[@]}"; do "provider_$operator" "${operator%_api}.test"; done
  certificate four "${names[@]}"
)

# shellcheck disable=SC2034
ACMED_ARGUMENTS=(--verbose)
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued four "${names[@]}"
for operator in "${operators[@]}"; do
  expect_equal "values left at $operator" "$("control_$operator" values "_acme-challenge.${operator%_api}.test")" ""
  secrets() { "secrets_$operator"; }
  expect_no_secret "$WORK/acmed.out"
done
