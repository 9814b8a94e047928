#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Twenty certificates, one target in the defaults: their service is reloaded once and the hook runs once, of all of them. Where
# acmed may not reload it, it says what to do, and the former copies are back.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
mkdir "$WORK/tls"
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
echo "$ACMED_EVENT $ACMED_CERTIFICATES" >>"$1/runs"
cat >"$1/facts"
HOOK
chmod 755 "$WORK/hook"
key_type=ecdsa-p256
config() {
  local i blocks=
  for i in {1..20}; do blocks+=$(certificate "c$i" "h$i.example.test")$'\n'; done
  write_config <<TOML
$(primary_provider)
[[defaults.deploy]]
name = "web"
directory = "$WORK/tls"
files = { combined = "{name}.pem" }
reload = ["nginx.service"]
post_hook = ["$WORK/hook", "$WORK"]
${blocks//domains/key_type = \"$key_type\"
domains}
TOML
}
manager() { # manager [ERROR]
  "$MANAGER" "$WORK/bus" "$WORK/calls" "$@" &
  OPERATOR_PIDS+=($!)
  expect_eventually "the service manager is there" 5 test -S "$WORK/bus"
}
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$WORK/bus
manager
config
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "copies" "$(find "$WORK/tls" -name '*.pem' | wc -l)" 20
expect_equal "reloads" "$(cat "$WORK/calls")" "ReloadOrTryRestartUnit nginx.service replace"
expect_equal "runs of the hook" "$(wc -l <"$WORK/runs")" 1
expect_equal "certificates that it was told of" "$(cut -d' ' -f2- "$WORK/runs" | wc -w)" 20
expect_equal "facts of each" "$(jq -r '.certificates | map(.name) | length' "$WORK/facts")" 20

kill "${OPERATOR_PIDS[-1]}"
rm "$WORK/bus" "$WORK/calls" "$WORK/runs"
manager org.freedesktop.DBus.Error.InteractiveAuthorizationRequired
before=$(sha256sum "$WORK"/tls/*)
key_type=ecdsa-p384
config
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'does not let acmed reload nginx.service: have acmed-deploy do it'
expect_equal "the former copies are back" "$(sha256sum "$WORK"/tls/*)" "$before"
expect_equal "live/ has the new certificates" "$(openssl x509 -in "$STATE/live/c1/cert.pem" -noout -text | grep -c 'P-384')" 1
expect_success "the hook did not run" test ! -e "$WORK/runs"
