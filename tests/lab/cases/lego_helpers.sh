#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What people wrote for lego's providers `exec` and `httpreq` is driven by acmed as lego drives it: both get a certificate through the
# same program and the same endpoint, in both modes, by the same calls.
OPERATOR=lego_exec
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"
# shellcheck source=../operators/lego_httpreq.sh
source "$LAB_HOME/operators/lego_httpreq.sh"

ENDPOINT_ADDRESS=127.0.0.21
ENDPOINT_ZONE=endpoint.test

run_lego() { # run_lego PROVIDER ZONE NAME=VALUE...
  # A new account has no authorizations that the CA could use again.
  rm -rf "$WORK/lego"
  # It asks the host's resolver for the addresses of name servers.
  lab exec env "${@:3}" LEGO_CA_CERTIFICATES="$LAB_CA_BUNDLE" lego --server "$LAB_ACME_DIRECTORY" --path "$WORK/lego" \
    --email a@example.test --accept-tos --key-type ec256 --dns "$1" --dns.resolvers "$LAB_RESOLVER:53" \
    --domains "$2" --domains "*.$2" run
}

run_acmed() { # run_acmed PROVIDER ZONE MODE
  rm -rf "$STATE"
  { "provider_$1" "$2" "$3"; certificate "$1" "$2" "*.$2"; } | write_config
  acmed_once
  expect_equal "$1, $3: exit status" "$STATUS" 0
  expect_issued "$1" "$2" "*.$2"
}

calls_in() { # calls_in FILE: each call, with what differs from order to order left out
  sed -E 's/[A-Za-z0-9_-]{43}/HASH/g; s/\bHASH\.HASH\b/TOKEN.HASH/; s/([ "])HASH([ "].*TOKEN)/\1TOKEN\2/; s/(TOKEN\.HASH.*)HASH/\1TOKEN/' "$1" | sort
  rm -f "$1"
}

expect_same_calls() { # expect_same_calls WHAT FILE PROVIDER ZONE MODE NAME=VALUE...: of lego and of acmed
  local of_lego of_acmed
  rm -f "$2"
  expect_success "$1: lego gets its certificate" run_lego "${3#lego_}" "$4" "${@:6}"
  # How often lego calls is its own affair; how it calls is what helpers were written for.
  of_lego=$(calls_in "$2" | uniq)
  run_acmed "$3" "$4" "$5"
  of_acmed=$(calls_in "$2")
  echo "$of_acmed"
  expect_match "$1: lego called" "$of_lego" .
  expect_equal "$1: calls of lego that acmed does not make" "$(comm -23 <(echo "$of_lego") <(uniq <<<"$of_acmed"))" ""
  expect_equal "$1: calls of acmed" "$(wc -l <<<"$of_acmed")" 4
}

start_operator_lab LAB_DELEGATED="$OPERATOR_ZONE=$OPERATOR_ADDRESS $ENDPOINT_ZONE=$ENDPOINT_ADDRESS"
start_lego_httpreq "$ENDPOINT_ZONE" "$ENDPOINT_ADDRESS"
eventually 20 serves_zone "$ENDPOINT_ZONE" "$ENDPOINT_ADDRESS"

program=(SERVER="$BIND_ADDRESS" KEY_FILE="$BIND_KEYS/key" CALLS="$WORK/calls" FAULT="$BIND_KEYS/fault" EXEC_PATH="$LEGO_HELPER"
  EXEC_POLLING_INTERVAL=1 EXEC_PROPAGATION_TIMEOUT=30 EXEC_SEQUENCE_INTERVAL=1)
endpoint=(HTTPREQ_ENDPOINT="$HTTPREQ_URL/dns" HTTPREQ_USERNAME=operator HTTPREQ_PASSWORD="$(<"$HTTPREQ_FOLDER/password")"
  HTTPREQ_POLLING_INTERVAL=1 HTTPREQ_PROPAGATION_TIMEOUT=30)
requests=$HTTPREQ_FOLDER/requests

expect_same_calls "program" "$WORK/calls" lego_exec "$OPERATOR_ZONE" default "${program[@]}"
expect_same_calls "program, raw" "$WORK/calls" lego_exec "$OPERATOR_ZONE" raw "${program[@]}" EXEC_MODE=RAW
expect_same_calls "endpoint" "$requests" lego_httpreq "$ENDPOINT_ZONE" default "${endpoint[@]}"
expect_same_calls "endpoint, raw" "$requests" lego_httpreq "$ENDPOINT_ZONE" raw "${endpoint[@]}" HTTPREQ_MODE=RAW
