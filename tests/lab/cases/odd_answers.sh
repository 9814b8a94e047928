#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Accounts and answers as some CAs give them: none costs a second order or account, and sentences lead to the right place.
# shellcheck source=../odd.sh
source "$(dirname "$0")/../odd.sh"

start_odd_lab

another "all Locations are relative (certbot 434)" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if "Location" in reply.headers:
        reply.headers["Location"] = reply.headers["Location"].removeprefix(ca.base)
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0

another "a byte order mark before the directory, a gateway that lets no HEAD pass, a response that is taken and not confirmed" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "directory":
        reply.body = b"\xef\xbb\xbf" + reply.octets()
    if request.resource == "new-nonce" and request.method == "HEAD":
        return page(405)
    if request.resource == "challenge":
        return problem(500, "serverInternal", "Error updating challenge")
    return reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "orders" "$(odd_count new-order)" 1
expect_equal "responses" "$(odd_count challenge)" 1

another "answers that nobody can read" <<'PY'
import gzip
def odd(ca, request, usual):
    reply = usual()
    if request.resource == "directory" and request.count == 1:
        reply.body, reply.headers["Content-Encoding"] = gzip.compress(reply.octets()), "gzip"
    if request.resource == "new-order":
        return Reply(400, {"title": "Bad Request"}, "application/problem+json")
    return reply
PY
one_certificate w example.test
acmed_once
expect_match "compressed" "$OUTPUT" 'application/json compressed by gzip with status 200 instead of JSON \(next try'
acmed_once
expect_match "a problem without a type" "$OUTPUT" 'cannot order a certificate at [^ ]*: status 400: Bad Request'

another "the CA adds the base domain to a wildcard (commercial CAs)" <<'PY'
def odd(ca, request, usual):
    if request.resource == "certificate":
        request.order.names.append(request.order.names[0].removeprefix("*."))
        reply = usual()
        request.order.names.pop()
        return reply
    return usual()
PY
one_certificate w '*.example.test'
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued w '*.example.test' example.test
acmed_once
expect_equal "orders after another look" "$(odd_count new-order)" 1

another "new accounts are limited (RFC 8555 6.6)" <<'PY'
def odd(ca, request, usual):
    if request.resource == "new-account":
        return problem(429, "rateLimited", "too many new registrations from this address", Retry_After="3600")
    return usual()
PY
for i in {1..12}; do certificate "c$i" "n$i.example.test"; done | odd_config
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_equal "requests of twelve certificates for one account" "$(odd_count new-account)" 1

another "the terms have changed, and terms_agreed is set (RFC 8555 7.3.3)" <<'PY'
def odd(ca, request, usual):
    if request.resource == "new-order":
        reply = problem(403, "userActionRequired", "terms of service have changed")
        reply.body["instance"] = "https://ca.example.test/agree/?token=abc"
        return reply
    return usual()
PY
one_certificate w example.test
acmed_once
sentence=$(grep '^failed' <<<"$OUTPUT" || true)
expect_match "where to agree is shown" "$sentence" 'https://ca.example.test/agree/\?token=abc'
expect_equal "no advice to set what is set" "$(grep -c 'set terms_agreed' <<<"$sentence")" 0

another "two external accounts at one directory (certbot 8932)" <<'PY'
def odd(ca, request, usual):
    if request.resource == "new-account":
        bound = json.loads(decoded(request.payload["externalAccountBinding"]["protected"]))
        with open(sys.argv[4] + "/bound", "a", encoding="utf-8") as bindings:
            print(bound["kid"], file=bindings)
    reply = usual()
    if request.resource == "directory":
        reply.body["meta"] = {"externalAccountRequired": True}
    return reply
PY
{
  certificate a example.test
  certificate b z0.test
  cat <<TOML
ca = "two"
[ca.two]
directory = "$LAB_ACME_DIRECTORY"
trust = "$LAB_CA_BUNDLE"
terms_agreed = true
eab = { kid = "department-2", hmac_key = "YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk" }
TOML
} | odd_config
sed -i '0,/^terms_agreed/s//eab = { kid = "department-1", hmac_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" }\n&/' "$CONFIG"
chmod 600 "$CONFIG"
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "each is bound to an account of its own" "$(sort "$WORK/odd/bound" | paste -sd ' ')" "department-1 department-2"

another "the order that was kept can never be read again (Posh-ACME 192)" <<'PY'
def odd(ca, request, usual):
    if request.resource == "certificate" and request.count == 1:
        return problem(500, "serverInternal", "away")
    if request.resource == "order" and request.order.number == 0 and ca.counts.get("certificate"):
        return Reply(200, {"status": "expired"})
    return usual()
PY
one_certificate w example.test
for _ in 1 2 3; do acmed_once; done
expect_issued w example.test
expect_at_most "orders" "$(odd_count new-order)" 2

another "no answer to newOrder arrives, and what was ordered is there" <<'PY'
def odd(ca, request, usual):
    reply = usual()
    return None if request.resource == "new-order" else reply
PY
one_certificate w example.test
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_equal "orders of one run" "$(odd_count new-order)" 1
expect_match "the sentence" "$OUTPUT" 'cut the connection without an answer'
