#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Somebody is told: of a trouble that lasts and of its end once each, over a restart too; of a renewal; in one run for what happens together.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
mkdir -p "$WORK/told"
cat >"$WORK/tell" <<'SH'
#!/bin/sh
# Each run's words and JSON, in a file of its own.
cat >"$1/.$$" && printf '%s %s\n' "$ACMED_EVENT" "$ACMED_CERTIFICATES" >>"$1/runs" && mv "$1/.$$" "$1/$ACMED_EVENT.json"
SH
chmod +x "$WORK/tell"
config() { # config AFTER PROVIDER
  write_config <<TOML
$2
[notify]
on_failure = ["$WORK/tell", "$WORK/told"]
on_success = ["$WORK/tell", "$WORK/told"]
after = "$1"
$(certificate one example.test)
$(certificate two www.example.test)
TOML
}
told() { cat "$WORK/told/runs" 2>/dev/null || true; }
times() { told | grep -c "^$1 " || true; } # times EVENT: how often it was told
is_told() { [[ $(times "$1") -ge 1 ]]; }
json() { jq -r "$2" "$WORK/told/$1.json"; } # json EVENT FILTER

sed "s|secret \".*\"|secret \"$(openssl rand -base64 32)\"|" "$LAB_TSIG_FILE" >"$WORK/wrong.key"
chmod 600 "$WORK/wrong.key"
wrong=$(provider primary "$LAB_PRIMARY" "$WORK/wrong.key" example.test)
config 1h "$wrong"
start_daemon
expect_eventually "it fails" 30 daemon_said 'two: not issued: '
expect_equal "a young trouble is not told" "$(told)" ""
stop_daemon

config 0s "$wrong"
acmed_once
expect_equal "--once has failed" "$STATUS" 1
expect_equal "both are told in one run" "$(told)" "failing one two"
expect_match "what it is about" "$(json failing .subject)" ': 2 certificates fail$'
expect_match "why" "$(json failing '.certificates[0].sentence')" 'BADSIG|secret'
expect_equal "whose fault" "$(json failing '.certificates[0].party')" dns_operator

start_daemon
expect_eventually "it fails again" 30 daemon_said 'two: not issued: '
config 0s "$(primary_provider)"
kill -HUP "$DAEMON"
expect_eventually "its end is told" 60 is_told recovered
expect_eventually "so are the certificates" 60 is_told renewed
expect_equal "the trouble is told once" "$(times failing)" 1
expect_equal "its end for both" "$(json recovered '[.certificates[].name] | sort | join(" ")')" "one two"
stop_daemon
expect_equal "exit status" "$STATUS" 0
expect_equal "nothing is left to tell" "$(jq -r '.troubles | length' "$STATE/told.json")" 0

sed -i "s|^on_failure = .*|on_failure = [\"$WORK/tel\"]|" "$CONFIG"
expect_match "a program that is not there is named" "$("$ACMED" --config "$CONFIG" --check 2>&1)" "notify: on_failure: .*$WORK/tel"
