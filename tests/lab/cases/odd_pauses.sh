#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What odd CAs do with time: pauses are about what was asked, short lives and backdated ones are no loop.
# shellcheck source=../odd.sh
source "$(dirname "$0")/../odd.sh"

start_odd_lab
start_odd_ca <<'PY'
import os
def odd(ca, request, usual):
    if request.resource == "new-order" and os.path.exists(sys.argv[4] + "/busy"):
        return page(503, Retry_After="3600")
    if request.resource == "new-order" and len(request.payload["identifiers"]) > 2:
        return problem(429, "rateLimited", "too many of these names", Retry_After="600000")
    reply = usual()
    if request.resource == "certificate":
        reply.body = ca.chain(request.order, begin=-365 * 86400, end=30 * 86400)
    return reply
PY

echo "--- dated back by a year, and a month left (cert-manager 1122)"
one_certificate w example.test
acmed_once
expect_equal "issued" "$(generation w)" 0001
acmed_once
expect_equal "orders after another look" "$(odd_count new-order)" 1

echo "--- only some of the certificates"
{ certificate w example.test; certificate other z0.test; certificate third '*.z0.test'; } | odd_config
once_for() { # once_for NAME...
  STATUS=0
  OUTPUT=$("$ACMED" --config "$CONFIG" --once "$@" 2>&1) || STATUS=$?
}
once_for nobody
expect_equal "exit status for an unknown name" "$STATUS" 1
expect_match "one sentence says so" "$OUTPUT" 'no certificate is named "nobody"; there is w, other and third'
once_for other
expect_equal "exit status" "$STATUS" 0
expect_match "how many" "$OUTPUT" 'all well: 1 certificate'
expect_equal "the one that was named is there" "$(generation other)" 0001
expect_equal "the other one is not" "$(generation third)" none

echo "--- a limit on some names ends when others are asked for"
one_certificate limited a.example.test b.example.test c.example.test
acmed_once
expect_match "the CA's limit is told" "$OUTPUT" 'too many of these names'
before=$(odd_count new-order)
acmed_once
expect_equal "a person's wish does not break it" "$(odd_count new-order)" "$before"
one_certificate limited a.example.test b.example.test
acmed_once
expect_equal "exit status for other names" "$STATUS" 0

echo "--- sixty certificates at a CA that answers 503"
touch "$WORK/odd/busy"
for ((i = 0; i < 60; i++)); do certificate "c$i" "c$i.example.test"; done | odd_config
before=$(odd_count new-order new-nonce)
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_at_most "requests" "$(($(odd_count new-order new-nonce) - before))" 3
rm "$WORK/odd/busy"
acmed_once
expect_equal "a person's wish finds it open again" "$STATUS" 0

another "a CA whose clock is two years ahead says by a date when to ask again" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    reply.headers["Date"] = "Wed, 01 Nov 2028 00:00:00 GMT"
    if request.resource == "finalize":
        reply.body["status"] = "processing"
        reply.body.pop("certificate", None)
        reply.headers["Retry-After"] = "Wed, 01 Nov 2028 00:00:02 GMT"
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_at_most "milliseconds" "$ELAPSED" $((10000 + SLOW_BUILD_MS))
