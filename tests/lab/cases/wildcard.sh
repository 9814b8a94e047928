#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A name and its wildcard, with secondaries 2 s and 5 s behind: the CA is told when all three servers show both values, and not
# long after. The target has the asked owner, group and mode, the hook ran once; a second run asks the CA nothing.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

write_hook() {
  cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
env | grep '^ACMED_' | sort >>"$1/hook.env"
cat >>"$1/hook.json"
echo ran >>"$1/hook.runs"
HOOK
  chmod 755 "$WORK/hook"
}

# Milliseconds of the first line that matches, by named's clock.
first_in_log() { # first_in_log SERVER REGEX
  local stamp
  stamp=$(grep -E -m 1 -- "$2" "$WORK/lab/log/$1.log" | cut -d' ' -f1) && date -d "$stamp" +%s%3N
}

# The CA's resolver asks some authoritative server as soon as a challenge is answered.
expect_all_servers_before_the_ca() {
  local server transferred asked earliest=9999999999999
  for server in primary sec1 sec2; do
    asked=$(first_in_log "$server" "client .*$LAB_CA_RESOLVER#.*query: _acme-challenge.example.test IN TXT" || echo 9999999999999)
    ((asked >= earliest)) || earliest=$asked
  done
  for server in sec1 sec2; do
    transferred=$(first_in_log "$server" "transfer of 'example.test/IN'.*Transfer completed.*\(serial 2\)" || echo 9999999999999)
    expect_success "$server had both values $((earliest - transferred)) ms before the CA looked" test "$transferred" -lt "$earliest"
  done
}

start_lab LAB_SEC1_DELAY=2 LAB_SEC2_DELAY=5 LAB_ZONES="example.test"
write_hook
owner=root group=root
[[ $(awk '{ print $3 }' /proc/self/uid_map | head -n 1) == 1 ]] || owner=daemon group=www-data # root of the whole machine
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
  [[certificate.deploy]]
  name = "web"
  directory = "$WORK/tls"
  files = { fullchain = "site.pem", privkey = "site.key" }
  owner = "$owner"
  group = "$group"
  mode = 0o640
  post_hook = ["$WORK/hook", "$WORK"]
  timeout = "10s"
TOML
mkdir "$WORK/tls"

acmed_once
expect_equal "exit status" "$STATUS" 0
# A quiet machine takes 5.1 to 5.3 s; the bound only tells waiting for servers from sleeping.
expect_at_most "milliseconds, secondaries 5000 behind" "$ELAPSED" "$((9000 + SLOW_BUILD_MS))"
expect_issued wild example.test '*.example.test'
expect_all_servers_before_the_ca
expect_equal "UPDATE messages" "$(count primary UPDATE)" 2
expect_equal "values added" "$(count primary rr-added)" 2
expect_equal "runs of the hook" "$(cat "$WORK/hook.runs")" ran
expect_match "the hook's name" "$(cat "$WORK/hook.env")" '^ACMED_NAME=wild$'
expect_match "the hook's domains" "$(cat "$WORK/hook.env")" '^ACMED_DOMAINS=example.test \*.example.test$'
expect_match "the hook's serial" "$(cat "$WORK/hook.env")" "^ACMED_SERIAL=0*$(serial wild)$"
for variable in LIVE_DIR FULLCHAIN PRIVKEY EVENT NOT_AFTER; do
  expect_match "the hook's $variable" "$(cat "$WORK/hook.env")" "^ACMED_$variable=."
done
expect_success "the hook's input is JSON" python3 -m json.tool "$WORK/hook.json"
for file in site.pem site.key; do
  expect_equal "owner and mode of $file" "$(stat -c '%U %G %a' "$WORK/tls/$file")" "$owner $group 640"
done
expect_success "the target has the live certificate" cmp "$WORK/tls/site.pem" "$STATE/live/wild/fullchain.pem"
expect_no_txt example.test

lab mark
acmed_once
expect_equal "exit status of the second run" "$STATUS" 0
expect_equal "requests of the second run" "$(count pebble requests)" 0
expect_equal "UPDATE messages of the second run" "$(count primary UPDATE)" 0
expect_equal "runs of the hook still" "$(cat "$WORK/hook.runs")" ran
