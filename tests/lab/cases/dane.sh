#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A service with TLSA records: through two renewals there is no moment at which the key that it serves is not in the DNS, at any name
# server; no resolver can know the records without a key before that is served; a record of somebody else stays; former ones go.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test" LAB_VALIDITY=16
name=_8443._tcp.www.example.test
foreign="2 1 1 00000000000000000000000000000000000000000000000000000000000000ff"
printf 'zone example.test\nupdate add %s 3 TLSA %s\nsend\n' "$name" "$foreign" | lab nsupdate

mkdir "$WORK/tls"
cat >"$WORK/hook" <<HOOK
#!/bin/sh
# Serves the new pair, and ends the former server when that is there.
former=\$(cat "$WORK/server.pid" 2>/dev/null)
[ -z "\$former" ] || kill "\$former"
openssl s_server -accept 127.0.0.1:8443 -cert "$WORK/tls/site.pem" -key "$WORK/tls/site.pem" -quiet >/dev/null 2>&1 </dev/null &
echo \$! >"$WORK/server.pid"
HOOK
chmod 755 "$WORK/hook"
write_config <<TOML
$(primary_provider)
$(certificate web www.example.test)
dane = ["$name"]
dane_ttl = "2s"
  [[certificate.deploy]]
  name = "server"
  directory = "$WORK/tls"
  files = { combined = "site.pem" }
  mode = 0o600
  post_hook = ["$WORK/hook"]
TOML

digest() { openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1; } # of the key of the certificate on standard input
served() { openssl s_client -connect 127.0.0.1:8443 -servername www.example.test </dev/null 2>/dev/null | digest 2>/dev/null; }
shown() { # shown SERVER: the data of the records there, one a line
  dig +short +time=2 +tries=3 "@$1" "$name" TLSA | awk '{ data = ""; for (i = 4; i <= NF; i++) data = data tolower($i); print $1, $2, $3, data }'
}
next_key() { jq -r .dane.next_key.tlsa "$STATE/certificates/web/state.json"; }
at_rest() { [[ $(shown "$LAB_PRIMARY" | sort) == "$(printf '%s\n' "3 1 1 $(served)" "$(next_key)" "$foreign" | sort)" ]]; }

# Watches until it is told to stop. What resolvers may have is asked first and the service last: a resolver that looked before may still
# look for what is served now.
watch() {
  local server key looks=0
  while [[ ! -e $WORK/stop ]]; do
    # shellcheck disable=SC2086
    for server in "$LAB_PRIMARY" $LAB_SECONDARIES; do
      before=$(shown "$server") || continue
      key=$(served) || true
      [[ -z $key || $key == e3b0c442* ]] && continue # between two servers
      looks=$((looks + 1))
      grep -qx "3 1 1 $key" <<<"$before" || echo "$server does not show $key: ${before//$'\n'/, }" >>"$WORK/misses"
    done
  done
  echo "$looks" >"$WORK/looks"
}

start_daemon
is_generation() { (($(generation web | sed "s|^0*||; s|none|0|") >= $1)); }
expect_eventually "the first certificate is served" 30 test -s "$WORK/server.pid"
OPERATOR_PIDS+=("$(cat "$WORK/server.pid")")
watch &
WATCHER=$!
expect_eventually "a renewal" 40 is_generation 2
expect_eventually "and another one" 40 is_generation 3
halt "$(component_pid pebble)" # no renewal begins while it is looked
expect_eventually "records of the current, the next and the foreign key alone" 40 at_rest
touch "$WORK/stop"
wait "$WATCHER"
expect_equal "moments at which the served key was not in the DNS" "$(cat "$WORK/misses" 2>/dev/null)" ""
expect_match "looks" "$(cat "$WORK/looks")" '^[1-9][0-9]+$'
stop_daemon
kill -CONT "$(component_pid pebble)"
expect_equal "exit status" "$STATUS" 0
expect_equal "keys of as many generations" "$(for g in "$STATE"/certificates/web/0*; do digest <"$g/cert.pem"; done | sort -u | wc -l)" \
  "$(find "$STATE/certificates/web" -name privkey.pem | wc -l)"
expect_equal "who may read the next key" "$(stat -c %a "$STATE/certificates/web/state.json")" 600
kill "$(cat "$WORK/server.pid")"

# Somebody removes one.
look() { # sets STATUS and OUTPUT
  STATUS=0
  OUTPUT=$("$ACMED" --config "$CONFIG" --check --dns web 2>&1) || STATUS=$?
  grep TLSA <<<"$OUTPUT" | sed 's/^/  | /' || true
}
write_config <<TOML
$(primary_provider)
$(certificate web www.example.test)
renew = "1m"
dane = ["$name"]
dane_ttl = "2s"
TOML
look
expect_match "--check --dns sees them all" "$OUTPUT" "^  ok +ns1\.lab-dns\.test .*: [0-9]+ TLSA records, all [0-9]+ of acmed's among them\$"
next=$(next_key)
printf 'zone example.test\nupdate del %s TLSA %s\nsend\n' "$name" "$next" | lab nsupdate
look
expect_equal "exit status of --check --dns without one of them" "$STATUS" 1
expect_match "it names the record" "$OUTPUT" "^  wrong +ns1\.lab-dns\.test .* does not show the TLSA record $next at $name"
acmed_once
expect_match "acmed puts it there again" "$OUTPUT" "somebody else has removed the TLSA record $next at $name"
expect_match "it stands" "$(shown "$LAB_PRIMARY")" "$next"

write_config <<TOML
$(primary_provider)
$(certificate web www.example.test)
TOML
acmed_once
expect_equal "exit status without dane" "$STATUS" 0
expect_equal "what is left" "$(shown "$LAB_PRIMARY")" "$foreign"
