#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A CA revokes certificates by itself, and says so in its list alone: acmed finds that within a day, by --once and by the service, orders
# another certificate and tells somebody, though the new one is in service by then.
# shellcheck source=../odd.sh disable=SC2034
source "$(dirname "$0")/../odd.sh"
: "${CLOCK_AHEAD:?set it to the path of the preloaded library}"

LIST_PORT=14480
SOCKET=$WORK/daemon.sock
export ACMED_SOCKET=$SOCKET COLUMNS=400 # a sentence in a line
start_odd_lab
mkdir -p "$WORK/list" "$WORK/told"
python3 -m http.server "$LIST_PORT" --bind 127.0.0.1 --directory "$WORK/list" >/dev/null 2>"$WORK/list.log" &
OPERATOR_PIDS+=("$!")
start_odd_ca <<PY
def odd(ca, request, usual):
    if request.resource == "certificate" and request.order.pem is None:
        request.order.pem = ca.chain(request.order, revocation_list="http://127.0.0.1:$LIST_PORT/list.crl")
    if request.path == "/list":  # how the case has all revoked that there are
        pems = [order.pem for order in ca.orders if order.pem]
        with open("$WORK/list/list.crl", "wb") as file:
            file.write(ca.revocation_list(pems))
    reply = usual()
    if request.resource == "new-order":  # all is proved: the name server would take no signature of a clock that is ahead
        order = ca.orders[-1]
        order.proofs = ["valid"] * len(order.names)
        order.look()
        reply.body = ca.order_body(order)
    return reply
PY
revoke_all() { curl -sk -o /dev/null "https://$ODD_ADDRESS/list"; }
fetches() { grep -c 'GET /list.crl HTTP/1.1" 200' "$WORK/list.log" || true; }
days_later() { RUNNER=(env "LD_PRELOAD=$CLOCK_AHEAD" "ACMED_TEST_CLOCK_AHEAD=$(($1 * 86400 + 600))"); }
cat >"$WORK/tell" <<'SH'
#!/bin/sh
cat >"$1/$ACMED_EVENT.json" && printf '%s %s\n' "$ACMED_EVENT" "$ACMED_CERTIFICATES" >>"$1/runs"
SH
chmod +x "$WORK/tell"
odd_config <<TOML
[control]
socket = "$SOCKET"
[notify]
on_failure = ["$WORK/tell", "$WORK/told"]
$(certificate web example.test)
TOML
answers() { curl -sf --unix-socket "$SOCKET" http://acmed/v1/status >/dev/null; }
is_generation() { [[ $(generation web) == "$1" ]]; }
is_told_twice() { [[ $(grep -c '^revoked web$' "$WORK/told/runs") == 2 ]]; }

acmed_once
expect_equal "exit status" "$STATUS" 0
revoke_all
acmed_once
expect_equal "a list is not looked at on the first day" "$(fetches)" 0

days_later 1
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_match "it is found" "$OUTPUT" 'web was revoked by its CA \(keyCompromise\) on .*: a new one is ordered'
expect_equal "another one is in service" "$(generation web)" 0002
expect_issued web example.test
expect_match "somebody is told of that alone" "$(cat "$WORK/told/runs" 2>/dev/null)" '^revoked web'
expect_equal "and of nothing that fails" "$(grep -c '^failing' "$WORK/told/runs")" 0
expect_match "why" "$(jq -r '.certificates[0].sentence' "$WORK/told/revoked.json")" '^was revoked by its CA \(keyCompromise\)'
expect_match "the subject" "$(jq -r .subject "$WORK/told/revoked.json")" ': web was revoked by its CA$'
looks=$(fetches)
expect_equal "fetches" "$looks" 1
acmed_once
expect_equal "the same day, it is not looked at again" "$(fetches)" "$looks"

revoke_all
days_later 3
start_daemon
expect_eventually "acmed answers" 20 answers
RUNNER=()
ACMED_ARGUMENTS=(web)
acmed_once # by the service, which would not look in the same second otherwise
expect_eventually "the service finds it and orders another one" 30 is_generation 0003
expect_issued web example.test
expect_eventually "somebody is told" 30 is_told_twice
ctl show web
expect_match "show tells it" "$OUTPUT" 'generation 2, .*revoked by its CA since .*keyCompromise'
stop_daemon
expect_equal "exit status" "$STATUS" 0
