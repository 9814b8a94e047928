#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a PowerDNS server refuses is said in a sentence with the provider, the zone and what is missing; and a zone that it signs
# has signatures over our values.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

try() { # try WHAT REGEX [SED...]: after this change of the configuration
  echo "--- $1"
  operator_config < <(certificate cert "$OPERATOR_ZONE")
  [[ $# -lt 3 ]] || sed -i "$3" "$CONFIG"
  rm -rf "$STATE"
  acmed_once
  expect_equal "exit status" "$STATUS" 1
  expect_match "$1" "$OUTPUT" "$2"
  expect_no_secret "$WORK/acmed.out"
}

util() { command pdnsutil --config-dir="$POWERDNS_KEYS" "$@" >>"$WORK/pdnsutil.out" 2>&1; }

start_operator_lab
opening="provider powerdns: PowerDNS at http://$OPERATOR_ADDRESS:8081"
control fault credentials
try "a wrong key" "$opening refuses the api_key of \[provider.powerdns\]: give it what the server has as api-key"
control heal
try "another server" "$opening has no API for a server \"other\": set api=yes" 's/^api_key/server_id = "other"\n&/'
try "nobody there" 'provider powerdns: cannot connect to .*:8082' 's/:8081/:8082/'

util set-kind "$OPERATOR_ZONE" secondary || util set-kind "$OPERATOR_ZONE" slave
try "a copy" "$opening holds zone $OPERATOR_ZONE only as a copy"
util set-kind "$OPERATOR_ZONE" native

echo "--- a zone that the server signs"
curl -sSf -X PUT -H "X-API-Key: $POWERDNS_SECRET" "$(powerdns_api)/zones/$OPERATOR_ZONE." -d '{"dnssec": true, "api_rectify": true}'
signature() { dig +norecurse +dnssec +short "@$OPERATOR_ADDRESS" "_acme-challenge.$OPERATOR_ZONE" TXT | grep -c '^TXT '; }
is_signed() { [[ $(signature) == 1 ]]; }
{ operator_config < <(certificate cert "$OPERATOR_ZONE"); } && rm -rf "$STATE"
control put "_acme-challenge.$OPERATOR_ZONE" somebody-elses
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued cert "$OPERATOR_ZONE"
expect_equal "what is left" "$(control values "_acme-challenge.$OPERATOR_ZONE")" somebody-elses
expect_success "what is left is signed" is_signed
