#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Orders as some CAs treat them: what they say of a name is told soon, and no order is lost that leads to a certificate.
# shellcheck source=../odd.sh
source "$(dirname "$0")/../odd.sh"

start_odd_lab

another "an authorization has failed, and the order stays pending (pki 476, boulder 3333)" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "challenge":
        request.order.proofs[request.index] = "invalid"
        request.order.errors[request.index] = problem(403, "incorrectResponse", "found a value of somebody's").body
    if request.resource == "order":
        reply.body["status"] = request.order.status = "pending"
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_at_most "milliseconds until it is told" "$ELAPSED" 30000
expect_match "with the CA's reason" "$(grep '^failed' <<<"$OUTPUT" || true)" 'example.test: incorrectResponse: found a value'
expect_no_txt example.test

another "the first look failed, which only the challenge tells; the second one succeeds (step-ca 2802)" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "challenge" and request.count == 1:
        request.order.proofs[request.index] = "pending"
        request.order.errors[request.index] = problem(400, "dns", "no TXT record seen").body
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_match "the reason was told meanwhile" "$OUTPUT" 'could not validate example.test yet: dns: no TXT record seen'
expect_equal "orders" "$(odd_count new-order)" 1

another "the authorization of a wildcard is not marked (acme2certifier 76)" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "authorization":
        reply.body.pop("wildcard", None)
    return reply
PY
one_certificate w '*.example.test'
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued w '*.example.test'

pending_order_again=$(cat <<'PY'
def odd(ca, request, usual):
    if request.resource == "new-order":
        for order in ca.orders:
            if order.status in ("pending", "ready"):
                return Reply(201, ca.order_body(order), Location=ca.url("order", order.number))
    return usual()
PY
)
another "one pending order for an RSA and an ECDSA certificate of the same names (Posh-ACME 401)" <<<"$pending_order_again"
{ certificate ec example.test; certificate rsa example.test; echo 'key_type = "rsa-2048"'; } | odd_config
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued ec example.test
expect_issued rsa example.test

another "two tables of one account, whose orders for the same names are one (boulder gives out a pending order again)" <<<"$pending_order_again"
{
  certificate one example.test
  certificate two example.test
  cat <<TOML
ca = "again"
[ca.again]
directory = "$LAB_ACME_DIRECTORY"
trust = "$LAB_CA_BUNDLE"
contact = ["mailto:hostmaster@example.test"]
terms_agreed = true
preferred_chain = "odd root"
TOML
} | odd_config
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued one example.test
expect_issued two example.test
expect_equal "accounts" "$(cd "$STATE/accounts" && printf '%s\n' * | wc -l)" 1
expect_equal "orders that somebody else finished" "$(grep -c 'finished by another' <<<"$OUTPUT" || true)" 0
expect_equal "orders" "$(odd_count new-order)" 2

another "somebody else has finalized the order (pebble 324)" <<'PY'
from cryptography.hazmat.primitives.asymmetric import ec as curves
def odd(ca, request, usual):
    if request.resource == "finalize" and request.count == 1:
        request.order.key = curves.generate_private_key(curves.SECP256R1()).public_key()
        request.order.status = "valid"
    return usual()
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "orders" "$(odd_count new-order)" 2

another "valid before it names its certificate, which is not found twice (acme-client 226, lego 674)" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "finalize" or (request.resource == "order" and ca.counts.get("finalize") and request.count < 3):
        reply.body.pop("certificate", None)
    if request.resource == "certificate" and request.count < 3:
        return problem(404, "malformed", "Certificate not found")
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "orders" "$(odd_count new-order)" 1

another "authorizations are in processing, as drafts before the RFC had it" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "authorization" and reply.body["status"] == "pending":
        reply.body["status"] = "processing"
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "orders" "$(odd_count new-order)" 1

another "another client of the account deactivates the authorization meanwhile" <<'PY'
def odd(ca, request, usual):
    if request.resource == "challenge" and request.order.number == 0:
        request.order.proofs[request.index] = "deactivated"
        request.order.status = "invalid"
        return problem(400, "malformed", "the authorization is not pending")
    return usual()
PY
one_certificate w example.test
acmed_once
expect_match "it is said" "$OUTPUT" 'cannot validate the names: invalid \[example.test: invalid: its authorization is deactivated'
acmed_once
expect_equal "exit status of the next run" "$STATUS" 0
expect_no_txt example.test

another "an order is in processing before it is ready, which nobody has finalized" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "new-order":
        order = ca.orders[-1]
        order.proofs = ["valid"] * len(order.names)
        order.look()
        reply.body = ca.order_body(order)
    if request.resource == "new-order" or (request.resource == "order" and request.count < 3):
        reply.body["status"] = "processing"
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "orders" "$(odd_count new-order)" 1
