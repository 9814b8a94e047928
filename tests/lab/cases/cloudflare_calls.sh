#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One certificate for 100 names over 10 zones at Cloudflare: one listing of the zones, and two calls a zone. After a crash
# that lost the ids, one listing of the records and one call a zone remove what is left.
# shellcheck disable=SC2034
OPERATOR=cloudflare
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

zones=() delegated=() names=()
for number in {0..9}; do
  zones+=("c$number.test")
  delegated+=("c$number.test=$OPERATOR_ADDRESS")
  names+=("c$number.test" "*.c$number.test")
  for host in {1..8}; do names+=("h$host.c$number.test"); done
done
start_lab LAB_ZONES=example.test LAB_DELEGATED="${delegated[*]}"
start_cloudflare "${zones[*]}" "$OPERATOR_ADDRESS"
for zone in "${zones[@]}"; do eventually 20 serves_zone "$zone" "$OPERATOR_ADDRESS"; done

calls() { # calls REGEX: how many of the API's calls since the last reset match
  admin_cloudflare counts | python3 -c '
import json, re, sys
print(sum(count for call, count in json.load(sys.stdin).items() if re.fullmatch(sys.argv[1], call)))' "$1"
}

expect_nothing_left() {
  local left
  left=$(for name in "${names[@]/#\*./}"; do control values "_acme-challenge.$name"; done)
  expect_equal "values that are left" "$left" ""
}

write_config <<TOML
$(provider_cloudflare "${zones[*]}")
$(certificate hundred "${names[@]}")
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued hundred "${names[@]}"
admin_cloudflare counts | sed 's/^/  | /'
echo
expect_equal "listings of the zones" "$(calls 'GET /zones')" 1
expect_equal "batches" "$(calls 'POST /zones/:id/dns_records/batch')" 20
expect_equal "calls in all" "$(calls '.*')" 21
expect_nothing_left

# A name server that does not answer keeps the CA from being told, so that all values are there when acmed is killed. The
# fake lists them in another form than they were given.
rm -rf "$STATE"
admin_cloudflare set --data '{"content": "bare"}'
values_are_there() {
  local zone
  for zone in "${zones[@]}"; do [[ -n $(control values "_acme-challenge.h8.$zone") ]] || return 1; done
}
TIMEOUT=60s
write_config <<TOML
$(provider_cloudflare "${zones[*]}")
propagation = { extra = ["127.0.0.99"] }
$(certificate hundred "${names[@]}")
TOML
start_daemon
expect_eventually "the values are in the DNS" 30 values_are_there
kill -KILL "$DAEMON"
wait "$DAEMON" || true
DAEMON=
write_config < <(provider_cloudflare "${zones[*]}")
admin_cloudflare reset --data '{}'
acmed_once
expect_equal "exit status of the run that cleans up" "$STATUS" 0
admin_cloudflare counts | sed 's/^/  | /'
echo
expect_equal "calls for cleaning up" "$(calls '.*')" 20
expect_nothing_left
