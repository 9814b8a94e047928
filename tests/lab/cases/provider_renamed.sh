#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a provider refused was never written: another provider in its place, under another name, has nothing to clean up. What one did write is
# remembered as long as a name server shows it.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

config() { # config NAME KEY DOMAIN...
  write_config <<TOML
$(provider "$1" "$LAB_PRIMARY" "$WORK/lab/$2.key" example.test)
$(certificate cert "${@:3}")
TOML
}
has_value() { [[ -n $(txt "$LAB_PRIMARY" _acme-challenge.late.example.test) ]]; }

start_lab LAB_ZONES=example.test
config old dead-key example.test '*.example.test'
acmed_once
expect_equal "exit status with the refused key" "$STATUS" 1
config new lab-key example.test '*.example.test'
for run in first second; do
  acmed_once
  expect_equal "exit status of the $run run" "$STATUS" 0
  expect_equal "complaints" "$(grep -cE 'gone from the DNS|old' <<<"$OUTPUT" || true)" 0
done
expect_issued cert example.test '*.example.test'

echo "--- killed while its values are in the DNS, and renamed"
config new lab-key late.example.test
sed -i 's|^timeout = .*|&\nextra = ["127.0.0.99"]|' "$CONFIG" # which never answers
start_daemon
expect_eventually "a value is there" 20 has_value
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null || true
DAEMON=
write_config < <(provider another "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test)
acmed_once
expect_equal "exit status while they stand" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'still stands in the DNS.*configure provider new again'
lab nsupdate <<<$'zone example.test\nupdate delete _acme-challenge.late.example.test TXT\nsend'
expect_eventually "they are gone everywhere" 10 is_the_same example.test
acmed_once
expect_match "what it says once they are gone" "$OUTPUT" 'is forgotten: no name server shows it'
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "complaints" "$(grep -c forgotten <<<"$OUTPUT" || true)" 0
