#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""identity_owner.py OWNER:PORT CA:PORT CERTIFICATE KEY FOLDER LIFETIME

The ACME server of somebody who delegates names (RFC 9115), and a CA that renews certificates by itself (RFC 8739). At OWNER the
account with the external key "customer-1" has one delegation, of www.ido.test. Requests that are not as the RFCs have them are refused: nonce, URL,
signature, external account, order and CSR. At CA anybody may GET /star/ID, which gives what is due by then: a certificate every LIFETIME
seconds, published when half of that is left of the one before. POST /cancel there cancels the orders made so far.

FOLDER/requests gets a line for each request: METHOD PATH STATUS. FOLDER/root.pem is the CA's root.
"""
import base64
import datetime
import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys
import threading

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

PEM = serialization.Encoding.PEM
EXTERNAL_KEY = b"the key that customer-1 was given"
NAMES = ["www.ido.test"]
MIN_LIFETIME, MAX_DURATION = 2, 600
TEMPLATE = {
    "keyTypes": [{"PublicKeyType": "id-ecPublicKey", "namedCurve": "secp256r1", "SignatureType": "ecdsa-with-SHA256"}],
    "subject": {"country": "CA", "stateOrProvince": "Ontario"},
    "extensions": {"subjectAltName": {"DNS": NAMES}, "keyUsage": ["digitalSignature"], "extendedKeyUsage": ["serverAuth"]},
}
LOCK = threading.Lock()


class Refusal(Exception):
    def __init__(self, status, kind, detail):
        super().__init__(detail)
        self.status, self.kind = status, kind


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


def text_of(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def require(is_so, detail, status=400, kind="malformed"):
    if not is_so:
        raise Refusal(status, kind, detail)


def require_signed_by(jwk, jws):
    """ES256 (RFC 7518 section 3.4)."""
    require(jwk.get("crv") == "P-256", "an account's key is one of P-256 here", kind="badPublicKey")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(decoded(jwk["x"]), "big"), int.from_bytes(decoded(jwk["y"]), "big"),
                                            ec.SECP256R1())
    signature = decoded(jws["signature"])
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        numbers.public_key().verify(der, (jws["protected"] + "." + jws["payload"]).encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refusal(400, "malformed", "the signature is wrong") from None


def require_template(csr):
    """The request says what the template does, and nothing else (RFC 9115 section 4)."""
    def need(is_so, what):
        require(is_so, "the CSR does not fit the template: " + what, 403, "badCSR")

    need(csr.is_signature_valid, "signature")
    key = csr.public_key()
    need(isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1", "key")
    need(isinstance(csr.signature_hash_algorithm, hashes.SHA256), "SignatureType")
    subject = {part.oid: part.value for part in csr.subject}
    need(len(csr.subject.rdns) == 2 and subject == {NameOID.COUNTRY_NAME: "CA", NameOID.STATE_OR_PROVINCE_NAME: "Ontario"},
         "subject")
    found = {extension.oid: extension.value for extension in csr.extensions}
    need(set(found) == {ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE},
         "extensions")
    need([(type(name), name.value) for name in found[ExtensionOID.SUBJECT_ALTERNATIVE_NAME]] ==
         [(x509.DNSName, name) for name in NAMES], "subjectAltName")
    usage = found[ExtensionOID.KEY_USAGE]
    need(usage == x509.KeyUsage(True, False, False, False, False, False, False, False, False), "keyUsage")
    need(list(found[ExtensionOID.EXTENDED_KEY_USAGE]) == [ExtendedKeyUsageOID.SERVER_AUTH], "extendedKeyUsage")
    need(len(csr.attributes) == 1, "attributes")


class Order:
    def __init__(self, end):
        self.end, self.status, self.star, self.key, self.begin, self.error = end, "ready", encoded(os.urandom(16)), None, None, None
        self.published = {}


class Owner:
    def __init__(self, base, public, lifetime):
        self.base, self.public, self.lifetime = base, public, datetime.timedelta(seconds=lifetime)
        self.nonces, self.accounts, self.orders = set(), {}, []
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the identity owner")])
        self.root = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.root_key.public_key())
                     .serial_number(x509.random_serial_number()).not_valid_before(utc_now() - datetime.timedelta(days=4000))
                     .not_valid_after(utc_now() + datetime.timedelta(days=36500))
                     .add_extension(x509.BasicConstraints(True, None), True).sign(self.root_key, hashes.SHA256()))

    def url(self, *path):
        return "/".join([self.base, *map(str, path)])

    def body(self, number):
        order = self.orders[number]
        body = {"status": order.status, "expires": text_of(utc_now() + datetime.timedelta(days=1)), "authorizations": [],
                "identifiers": [{"type": "dns", "value": name} for name in NAMES], "finalize": self.url("finalize", number),
                "delegation": self.url("delegation", 1),
                "auto-renewal": {"end-date": text_of(order.end), "lifetime": int(self.lifetime.total_seconds()),
                                 "allow-certificate-get": True}}
        if order.status == "valid":
            body["star-certificate"] = self.public + "/star/" + order.star
        if order.error:
            body["error"] = order.error
        return body

    def star(self, order):
        """What is due by now (RFC 8739 section 3.5)."""
        require(order.status != "canceled", "the order was canceled", 403, "autoRenewalCanceled")
        now, half = utc_now(), self.lifetime / 2
        require(now < order.end, "the order has ended", 403, "autoRenewalExpired")
        number = max(0, int((now - order.begin + half) / self.lifetime))
        nominal = order.begin + number * self.lifetime
        if number not in order.published:
            leaf = (x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self.root.subject).public_key(order.key)
                    .serial_number(x509.random_serial_number()).not_valid_before(nominal - half if number else nominal)
                    .not_valid_after(min(nominal + self.lifetime, order.end))
                    .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES]), True)
                    .sign(self.root_key, hashes.SHA256()))
            order.published[number] = leaf.public_bytes(PEM) + self.root.public_bytes(PEM)
        return order.published[number]

    def cancel(self):
        for order in self.orders:
            order.status = "canceled"

    def new_account(self, protected, payload):
        bound = payload.get("externalAccountBinding")
        key = json.dumps(protected["jwk"], sort_keys=True)
        if key not in self.accounts and payload.get("onlyReturnExisting"):
            raise Refusal(400, "accountDoesNotExist", "no such account")
        is_new = key not in self.accounts
        if is_new:
            require(bound, "a binding is required", kind="externalAccountRequired")
            mac = hmac.new(EXTERNAL_KEY, (bound["protected"] + "." + bound["payload"]).encode(), hashlib.sha256).digest()
            inner = json.loads(decoded(bound["protected"]))
            require(inner == {"alg": "HS256", "kid": "customer-1", "url": self.url("new-account")} and
                    json.loads(decoded(bound["payload"])) == protected["jwk"] and mac == decoded(bound["signature"]),
                    "the binding is wrong")
            self.accounts[key] = self.url("account", len(self.accounts))
        return (201 if is_new else 200), {"status": "valid", "delegations": self.url("delegations", 1)}, self.accounts[key]

    def new_order(self, payload):
        require(payload.get("delegation") == self.url("delegation", 1), "no such delegation", 403, "unknownDelegation")
        require(set(payload) == {"identifiers", "delegation", "auto-renewal"}, "the members of the order")
        require(sorted(item["value"] for item in payload["identifiers"]) == NAMES, "the names", 403, "rejectedIdentifier")
        renewal = payload["auto-renewal"]
        require(renewal.get("allow-certificate-get") is True, "allow-certificate-get")
        require(renewal["lifetime"] >= MIN_LIFETIME, "the lifetime")
        end = datetime.datetime.strptime(renewal["end-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
        require(end <= utc_now() + datetime.timedelta(seconds=MAX_DURATION), "the end-date")
        self.orders.append(Order(end))
        number = len(self.orders) - 1
        return 201, self.body(number), self.url("order", number)

    def finalize(self, number, payload):
        order = self.orders[number]
        require(order.status == "ready", "the order is " + order.status, 403, "orderNotReady")
        csr = x509.load_der_x509_csr(decoded(payload["csr"]))
        try:
            require_template(csr)
        except Refusal as refusal:
            order.status, order.error = "invalid", problem(refusal)
            raise
        order.key, order.begin, order.status = csr.public_key(), utc_now().replace(microsecond=0), "valid"

    def answer(self, method, path, octets):
        """STATUS, BODY, LOCATION of a request to the owner's server."""
        words = path.strip("/").split("/")
        if words[0] == "directory":
            return 200, {"newNonce": self.url("new-nonce"), "newAccount": self.url("new-account"), "newOrder": self.url("new-order"),
                         "meta": {"delegation-enabled": True, "externalAccountRequired": True,
                                  "auto-renewal": {"min-lifetime": MIN_LIFETIME, "max-duration": MAX_DURATION,
                                                   "allow-certificate-get": True}}}, None
        if words[0] == "new-nonce":
            return 200, None, None
        require(method == "POST", "POST-as-GET alone", 405)
        jws = json.loads(octets)
        protected = json.loads(decoded(jws["protected"]))
        payload = json.loads(decoded(jws["payload"])) if jws["payload"] else None
        require(protected.get("nonce") in self.nonces, "the nonce", kind="badNonce")
        self.nonces.discard(protected["nonce"])
        require(protected.get("url") == self.base + path, "the url", 401, "unauthorized")
        if words[0] == "new-account":
            require_signed_by(protected["jwk"], jws)
            return self.new_account(protected, payload)
        keys = [key for key, url in self.accounts.items() if url == protected.get("kid")]
        require(keys, "the account", kind="accountDoesNotExist")
        require_signed_by(json.loads(keys[0]), jws)
        if words[0] == "new-order":
            return self.new_order(payload)
        if words[0] == "order" and payload == {"status": "canceled"} and int(words[1]) < len(self.orders):
            order = self.orders[int(words[1])]
            require(order.status == "valid", "the order is " + order.status, 400, "autoRenewalCancellationInvalid")
            order.status = "canceled"
            return 200, self.body(int(words[1])), None
        require((payload is not None) == (words[0] == "finalize"), "the payload")
        if words[0] == "account":
            return 200, {"status": "valid", "delegations": self.url("delegations", 1)}, None
        if words[0] == "delegations":
            # Two pages (RFC 9115 section 2.3.1.2); the second is empty.
            return 200, {"delegations": [self.url("delegation", 1)] if words[1] == "1" else []}, None
        if words[0] == "delegation":
            require(words[1] == "1", "no such delegation", 403, "unknownDelegation")
            return 200, {"csr-template": TEMPLATE, "cname-map": {"www.ido.test.": "edge.ndc.test."}}, None
        require(words[0] in ("order", "finalize") and int(words[1]) < len(self.orders), "no such thing", 404)
        if words[0] == "finalize":
            self.finalize(int(words[1]), payload)
        return 200, self.body(int(words[1])), None


def problem(refusal):
    return {"type": "urn:ietf:params:acme:error:" + refusal.kind, "detail": str(refusal), "status": refusal.status}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner, requests, is_owner = None, None, True

    def do(self):
        octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind, location, headers = "application/json", None, {}
        with LOCK:
            try:
                if self.is_owner:
                    status, body, location = self.owner.answer(self.command, self.path, octets)
                    body = json.dumps(body).encode() if body is not None else b""
                    if self.path.startswith("/delegations/1"):
                        headers["Link"] = '<%s>;rel="next"' % self.owner.url("delegations", 2)
                else:
                    status, body, kind = self.public_answer()
            except Refusal as refusal:
                status, body, kind = refusal.status, json.dumps(problem(refusal)).encode(), "application/problem+json"
            nonce = encoded(os.urandom(16))
            self.owner.nonces.add(nonce)
            print(self.command, self.path, status, file=self.requests, flush=True)
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.is_owner:
            self.send_header("Replay-Nonce", nonce)
        if location:
            self.send_header("Location", location)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def public_answer(self):
        if self.command == "POST" and self.path == "/cancel":
            self.owner.cancel()
            return 200, b"", "text/plain"
        require(self.command == "GET" and "Authorization" not in self.headers, "GET, without anything to know us by", 405)
        for order in self.owner.orders:
            if self.path == "/star/" + order.star and order.key:
                return 200, self.owner.star(order), "application/pem-certificate-chain"
        raise Refusal(404, "malformed", "no such thing")

    do_GET = do_HEAD = do_POST = do

    def log_message(self, *_):
        pass


class PublicHandler(Handler):
    is_owner = False


def serve(address, handler, certificate, key):
    host, port = address.rsplit(":", 1)
    server = http.server.ThreadingHTTPServer((host, int(port)), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever).start()


def main():
    address, public, certificate, key, folder, lifetime = sys.argv[1:7]
    Handler.owner = Owner("https://" + address, "https://" + public, int(lifetime))
    with open(os.path.join(folder, "root.pem"), "wb") as root:
        root.write(Handler.owner.root.public_bytes(PEM))
    Handler.requests = open(os.path.join(folder, "requests"), "a", encoding="utf-8")  # pylint: disable=consider-using-with
    serve(public, PublicHandler, certificate, key)
    serve(address, Handler, certificate, key)


main()
