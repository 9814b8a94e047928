#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed as a name server is killed while its values are looked for, and goes on after its next start; SIGHUP costs no
# question, no value and no connection.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

HERE=127.0.0.20

config() { # config EXTRA_ADDRESS: with it, somebody who does not answer keeps the values where they are for a while
  write_config <<TOML
[provider.here]
type = "responder"
listen = ["$HERE"]
zones = ["acme.test"]
responses_per_second = 0
propagation = { extra = [$1] }

$(certificate one acme.test '*.acme.test')
$2
TOML
}
values_there() { [[ $(txt "$HERE" _acme-challenge.acme.test | grep -c '^"') == 2 ]]; }

start_lab LAB_ZONES=example.test LAB_DELEGATED="acme.test=$HERE"
config '"127.0.0.99"' ''
start_daemon
expect_eventually "both values are served" 20 values_there

echo "kill -9:"
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null || true
expect_equal "nobody answers" "$(txt "$HERE" _acme-challenge.acme.test 2>/dev/null | grep -c '^"' || true)" 0
start_daemon
expect_eventually "both values are served again" 20 values_there

echo "SIGHUP:"
cat >"$WORK/ask.py" <<'PYTHON'
# Asks for the values without a pause until its standard input is closed, and tells who had no answer and who had
# another one than the two values.
import select, socket, struct, sys, time

name = b"".join(bytes([len(l)]) + l for l in b"_acme-challenge.acme.test".split(b".")) + b"\0"
message = struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0) + name + struct.pack("!HH", 16, 1)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect((sys.argv[1], 53))
udp.settimeout(2)
tcp = socket.create_connection((sys.argv[1], 53))
tcp.settimeout(2)
asked = lost = other = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    asked += 1
    try:
        if asked % 10 == 0:
            tcp.sendall(struct.pack("!H", len(message)) + message)
            answer = tcp.recv(65535)[2:]
        else:
            udp.send(message)
            answer = udp.recv(65535)
        other += struct.unpack("!H", answer[6:8])[0] != 2
    except OSError as error:
        lost += 1
        print(error)
        time.sleep(0.1)
print("asked", "many" if asked > 100 else asked, "lost", lost, "other", other)
PYTHON
mkfifo "$WORK/end"
exec {end}<>"$WORK/end"
python3 "$WORK/ask.py" "$HERE" <"$WORK/end" >"$WORK/asked" &
asker=$!
services() { grep -c 'keeps [0-9]* certificate' "$WORK/daemon.out" || true; }
more_services() { (($(services) > $1)); }
for i in {1..10}; do
  before=$(services)
  config '"127.0.0.99"' "$(certificate "more-$i" "h$i.acme.test")"
  kill -HUP "$DAEMON"
  expect_eventually "reload $i" 10 more_services "$before"
done
echo >&"$end"
wait "$asker"
expect_equal "who asked meanwhile" "$(cat "$WORK/asked")" "asked many lost 0 other 0"

echo "and in the end:"
config '' ''
kill -HUP "$DAEMON"
expect_eventually "the certificate is issued" 20 test -e "$STATE/live/one/cert.pem"
expect_issued one acme.test '*.acme.test'
expect_eventually "no value is left" 10 no_txt_on "$HERE" _acme-challenge.acme.test _acme-challenge.h{1..10}.acme.test
stop_daemon
expect_equal "exit status" "$STATUS" 0
