#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Certificates are revoked at a real CA: by the account, by their own key, another one first with --replace, which a TLS server then serves; and
# a revocation that a crash interrupted is gone on with.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
: "${KILL_AT_ANSWER:?set it to the path of the preloaded library}"

SOCKET=$WORK/daemon.sock
export ACMED_SOCKET=$SOCKET COLUMNS=400 # a sentence in a line
MOST_ANSWERS=40
start_lab LAB_ZONES="example.test z1.test"
cat >"$WORK/hook" <<HOOK
#!/bin/sh
if [ -s "$WORK/server.pid" ]; then
  pid=\$(cat "$WORK/server.pid")
  kill "\$pid" 2>/dev/null
  while grep -qs '^State:.[^Z]' "/proc/\$pid/status"; do sleep 0.02; done # its port is free when it has gone
fi
openssl s_server -accept 127.0.0.1:8443 -cert "$WORK/tls/fullchain.pem" -key "$WORK/tls/privkey.pem" -www -quiet >/dev/null 2>&1 &
echo \$! >"$WORK/server.pid"
HOOK
chmod 755 "$WORK/hook"
mkdir "$WORK/tls"
write_config <<TOML
[control]
socket = "$SOCKET"
$(primary_provider)
$(certificate web example.test)
  [[certificate.deploy]]
  name = "server"
  directory = "$WORK/tls"
  post_hook = ["$WORK/hook"]
  verify = { connect = "localhost:8443" }
  timeout = "10s"
$(certificate mail z1.test)
TOML
# The socket of one that was killed is still there.
answers() { curl -sf --unix-socket "$SOCKET" http://acmed/v1/status >/dev/null; }
is_state() { [[ $("$ACMECTL" --config "$CONFIG" status --json "$1" 2>/dev/null | jq -r '.[0].state') == "$2" ]]; } # is_state NAME STATE
at_ca() { # at_ca CERTIFICATE-FILE: what the CA says of it
  local number
  number=$(openssl x509 -noout -serial -in "$1" | cut -d= -f2 | tr 'A-F' 'a-f')
  curl -sSf --cacert "$LAB_CA_BUNDLE" "${LAB_ACME_DIRECTORY%:*}:15000/cert-status-by-serial/$number" | jq -r '"\(.Status) \(.Reason // "")"'
}
of() { echo "$STATE/certificates/$1/$2/cert.pem"; } # of NAME GENERATION
served() { openssl s_client -connect 127.0.0.1:8443 -servername example.test </dev/null 2>/dev/null | openssl x509 -noout -serial | cut -d= -f2; }
start() {
  start_daemon
  expect_eventually "acmed answers" 20 answers
  expect_eventually "web is valid" 30 is_state web valid
  expect_eventually "mail is valid" 30 is_state mail valid
}

start
first=$(serial web)
expect_match "the CA knows it as valid" "$(at_ca "$(of web 0001)")" '^Valid'
expect_equal "what is served" "$(served)" "$first"
ctl revoke web --reason superseded --replace
expect_equal "exit status of revoke --replace" "$STATUS" 0
expect_match "the step" "$OUTPUT" '^revoked +generation 1, serial .*superseded'
expect_match "what is in service" "$OUTPUT" '^web: generation 2 is in service'
expect_match "the CA has revoked the former" "$(at_ca "$(of web 0001)")" '^Revoked'
expect_match "and not the new one" "$(at_ca "$(of web 0002)")" '^Valid'
expect_different "what is served" "$(served)" "$first"
expect_equal "what is served is live" "$(served)" "$(serial web)"
ctl show web
expect_match "show tells it" "$OUTPUT" '^earlier +generation 1, serial .*revoked since .*superseded'

ctl revoke mail --reason keyCompromise
expect_equal "exit status of a revocation at once" "$STATUS" 0
expect_match "the CA has revoked it" "$(at_ca "$(of mail 0001)")" '^Revoked'
expect_match "another one is there already" "$OUTPUT" '^mail: generation 2 is in service'
expect_issued mail z1.test
ctl revoke mail --generation 1 --reason superseded
expect_equal "exit status for one that is revoked already" "$STATUS" 0
ctl revoke mail --generation 9
expect_equal "exit status for one that there is not" "$STATUS" 1
expect_match "what there is" "$SAID" 'generation 9 is not kept'
ctl revoke mail --reason privilegeWithdrawn
expect_equal "exit status for a CA's reason" "$STATUS" 1
expect_match "the reasons that there are" "$SAID" 'cessationOfOperation'
ctl events
expect_match "the event" "$OUTPUT" 'revoked +web'
stop_daemon

# Another account: the certificate's own key is what is left.
mv "$STATE/accounts" "$WORK/lost"
start
ctl revoke web --reason cessationOfOperation
expect_equal "exit status with a lost account" "$STATUS" 0
expect_match "the CA has revoked it" "$(at_ca "$(of web 0002)")" '^Revoked'
stop_daemon

# Killed at each answer of the CA in turn.
reached=0
for ((answer = 1; answer <= MOST_ANSWERS; answer += 5)); do
  number=$(generation mail)
  start
  before=$(of mail "$number")
  stop_daemon
  RUNNER=(env "LD_PRELOAD=$KILL_AT_ANSWER" "ACMED_TEST_KILL_AT=$answer" "ACMED_TEST_KILL_PEER=$(sed -E 's,^https://([^/]*)/.*,\1,; s,localhost,127.0.0.1,' <<<"$LAB_ACME_DIRECTORY")")
  start_daemon
  expect_eventually "acmed answers" 20 answers
  ctl revoke mail --reason superseded
  ended=$STATUS
  RUNNER=()
  if [[ $ended == 0 ]]; then
    kill -TERM "$DAEMON"
    wait "$DAEMON" || true
    DAEMON=
    break
  fi
  reached=$answer
  wait "$DAEMON" || true
  DAEMON=
  start
  expect_match "answer $answer: the CA has revoked it" "$(at_ca "$before")" '^Revoked'
  expect_different "answer $answer: another one is in service" "$(generation mail)" "$number"
  stop_daemon
done
expect_at_most "answers at which it was killed, at least 4" 4 "$reached"
expect_issued mail z1.test
[[ ! -s "$WORK/server.pid" ]] || kill "$(cat "$WORK/server.pid")" 2>/dev/null || true
