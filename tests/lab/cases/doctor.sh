#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a wrong TSIG key to a working certificate: the doctor names what is wrong and the mend, an update that it tries leaves nothing behind,
# and it sees what a service serves. All without a daemon.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES=example.test
PORT=4433
export COLUMNS=400 # a sentence in a line
config() { # config KEY_FILE
  write_config <<TOML
$(provider primary "$LAB_PRIMARY" "$1" example.test)
$(certificate web example.test '*.example.test')
  [[certificate.deploy]]
  name = "server"
  verify = { connect = "127.0.0.1:$PORT", server_name = "example.test" }
  post_hook = ["/bin/sh", "$WORK/serve.sh"]
TOML
}
cat >"$WORK/serve.sh" <<SH
[ ! -s "$WORK/server.pid" ] || kill "\$(cat "$WORK/server.pid")" 2>/dev/null
cp "$STATE/live/web/fullchain.pem" "$WORK/served.pem"
cp "$STATE/live/web/privkey.pem" "$WORK/served.key"
openssl s_server -accept 127.0.0.1:$PORT -cert "$WORK/served.pem" -cert_chain "$WORK/served.pem" -key "$WORK/served.key" -quiet \
  >/dev/null 2>&1 </dev/null &
echo \$! >"$WORK/server.pid"
SH
serve() { sh "$WORK/serve.sh"; }
accepts() { openssl s_client -connect "127.0.0.1:$PORT" </dev/null >/dev/null 2>&1; }

wrong=$WORK/wrong.key
sed "s|secret \".*\"|secret \"$(openssl rand -base64 32)\"|" "$LAB_TSIG_FILE" >"$wrong"
chmod 600 "$wrong"
config "$wrong"
ctl doctor web --touch-dns
expect_equal "exit status with a wrong key" "$STATUS" 1
expect_match "the doctor names the key" "$OUTPUT" '^wrong +.*(BADSIG|BADKEY|secret)'
expect_match "the mend" "$OUTPUT" '^ +mend +tsig in \[provider\.'
expect_match "the CA" "$OUTPUT" '^ok +CA lab '
expect_match "its clock" "$OUTPUT" '^ok +clock +agrees'
expect_match "no certificate yet" "$OUTPUT" '^warning +web '
lab mark

config "$LAB_TSIG_FILE"
ctl doctor web --touch-dns
expect_equal "exit status after the mend" "$STATUS" 0
expect_match "an update was tried" "$OUTPUT" '^ok +update example\.test .*added a test value'
expect_equal "UPDATE messages: one to add, one to remove, for both names" "$(count primary UPDATE)" 2
expect_no_txt example.test
"$ACMED" --config "$CONFIG" --check --dns --touch-dns web >"$WORK/check.out" 2>&1
expect_match "acmed --check --dns --touch-dns does the same" "$(<"$WORK/check.out")" '^  ok +provider primary added a test value'
expect_no_txt example.test

# The hook is run by acmed, which ends what it leaves behind: the service is started here.
sed -i 's/post_hook = .*/post_hook = ["true"]/; /verify/d' "$CONFIG"
acmed_once
expect_equal "exit status of --once" "$STATUS" 0
config "$LAB_TSIG_FILE"
serve
expect_eventually "the service is up" 10 accepts
ctl doctor web
expect_match "it serves what is live" "$OUTPUT" "^ok +web: server +127\.0\.0\.1:$PORT serves what is live"
expect_match "days left" "$OUTPUT" '^ok +web +generation 1, serial .*ends in'

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 5 -subj /CN=other -addext subjectAltName=DNS:example.test \
  -keyout "$WORK/other.key" -out "$WORK/other.pem" 2>/dev/null
kill "$(<"$WORK/server.pid")"
openssl s_server -accept "127.0.0.1:$PORT" -cert "$WORK/other.pem" -key "$WORK/other.key" -quiet >/dev/null 2>&1 </dev/null &
echo $! >"$WORK/server.pid"
expect_eventually "another service is up" 10 accepts
ctl doctor web
expect_equal "exit status when it serves another one" "$STATUS" 1
expect_match "what it serves" "$OUTPUT" '^wrong +web: server +.*does not serve what is live'
expect_match "the mend" "$OUTPUT" '^ +mend +acmectl deploy web server'
ctl doctor --json web
expect_success "as JSON" jq -e '.[] | select(.verdict == "wrong") | .mend' "$WORK/ctl.out"
kill "$(<"$WORK/server.pid")"

: >"$STATE/live/web/privkey.pem"
ctl doctor web
expect_match "an emptied key" "$OUTPUT" '^wrong +web +.*privkey\.pem is missing or empty'
