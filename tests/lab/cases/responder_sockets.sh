#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A port that acmed cannot have, because it is taken or only for the mighty, is that provider's trouble alone, and ends by itself;
# sockets of the service manager need no might, and survive a reload.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

HERE=127.0.0.20

config() { # config LISTEN: the line
  write_config <<TOML
[provider.here]
type = "responder"
$1
addresses = ["$HERE"]
zones = ["acme.test"]
name_server = "ns.acme.test"

$(primary_provider)
$(certificate victim acme.test)
$(certificate healthy example.test)
TOML
}

start_lab LAB_ZONES=example.test LAB_DELEGATED="acme.test=$HERE"
config "listen = [\"$HERE\"]"
forget_failures() { # what the resolvers remember of a name server that did not answer
  lab stop resolver caresolver
  lab start resolver caresolver
}

echo "taken:"
python3 -c '
import socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((sys.argv[1], 53))
open(sys.argv[2], "w").close()
sys.stdin.read()' "$HERE" "$WORK/taken" < <(sleep 600) &
OPERATOR_PIDS+=($!)
expect_eventually "somebody has the port" 10 test -e "$WORK/taken"
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" "victim: .*provider here: cannot listen on $HERE \(UDP\): another program listens there"
expect_issued healthy example.test
start_daemon
expect_eventually "it is told at the start" 10 daemon_said "provider here: cannot listen on $HERE"
kill "${OPERATOR_PIDS[-1]}"
expect_eventually "it listens soon after the port is free" 15 daemon_said "answers DNS questions on $HERE \(UDP\)"
stop_daemon
forget_failures
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued victim acme.test

echo "without the right:"
rm -rf "$STATE"
RUNNER=(setpriv --bounding-set=-net_bind_service)
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'victim: .*CAP_NET_BIND_SERVICE .*systemctl edit acmed, or let systemd open it by acmed.socket'
expect_issued healthy example.test

echo "with sockets of the service manager:"
cat >"$WORK/activate.py" <<'PYTHON'
# As systemd does: sockets from descriptor 3 on, announced in the environment of the process itself.
import os, socket, sys

address, command = sys.argv[1], sys.argv[2:]
for number, kind in ((3, socket.SOCK_DGRAM), (4, socket.SOCK_STREAM)):
    made = socket.socket(socket.AF_INET, kind)
    made.bind((address, 53))
    if kind == socket.SOCK_STREAM:
        made.listen()
    os.dup2(made.fileno(), 100 + number)
    made.close()
for number in (3, 4):
    os.dup2(100 + number, number)
    os.set_inheritable(number, True)
os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()))
os.execvp(command[0], command)
PYTHON
activated() { python3 "$WORK/activate.py" "$HERE" setpriv --bounding-set=-net_bind_service "$@"; }
config ''
forget_failures
RUNNER=(activated)
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued victim acme.test

# shellcheck disable=SC2034
RUNNER=()
rm -rf "$STATE"
python3 "$WORK/activate.py" "$HERE" setpriv --bounding-set=-net_bind_service "$ACMED" --config "$CONFIG" >"$WORK/daemon.out" 2>&1 &
DAEMON=$!
expect_eventually "the daemon issues" 20 test -e "$STATE/live/victim/cert.pem"
for listen in "listen = [\"$HERE\"]" "listen = [\"127.0.0.21:5353\"]" ''; do
  before=$(grep -c 'keeps [0-9]* certificate' "$WORK/daemon.out")
  config "$listen"
  kill -HUP "$DAEMON"
  reloaded() { (($(grep -c 'keeps [0-9]* certificate' "$WORK/daemon.out") > before)); }
  expect_eventually "a reload with ${listen:-no listen}" 10 reloaded
done
expect_match "it still answers by UDP" "$(dig +time=1 +tries=1 +short "@$HERE" acme.test SOA)" '^ns\.acme\.test\.'
expect_match "and by TCP" "$(dig +tcp +time=1 +tries=1 +short "@$HERE" acme.test SOA)" '^ns\.acme\.test\.'
config ''
sed -i 's/"acme.test"\]/"acme.test", "x.acme.test"]/' "$CONFIG"
kill -HUP "$DAEMON"
expect_eventually "a certificate after the reloads" 20 test -e "$STATE/certificates/victim/0002/cert.pem"
stop_daemon
expect_equal "exit status" "$STATUS" 0
