#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""odd_ca.py ADDRESS:PORT CERTIFICATE KEY FOLDER [HOOK]

A CA (RFC 8555) that is well behaved by itself: it takes every signature and every proof, and issues at once. What real CAs
do at bad times is the hook's, a Python file that defines

    def odd(ca, request, usual): ...

It is called for each request and returns the Reply, or None to cut the connection. usual() does what the CA usually does and
returns its Reply: call it and change what it returned, call it and return another one, or do not call it at all.
request.resource is the first word of the path: directory, new-nonce, new-account, new-order, order, authorization,
challenge, finalize or certificate; request.count says how many have come to that resource, this one included; request.order
is the Order where the path names one, request.index the number of its name; request.payload is decoded, "" for a
POST-as-GET. Calls come one at a time, except while they sleep().

FOLDER/requests gets a line for each request: RESOURCE METHOD PATH STATUS. FOLDER/root.pem is the CA's root.
"""
import base64
import datetime
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
RESOURCES = ("directory", "new-nonce", "new-account", "new-order", "order", "authorization", "challenge", "finalize",
             "certificate")
LOCK = threading.RLock()


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def time_in(seconds):
    return (utc_now() + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def sleep(seconds):
    """Lets other requests be answered meanwhile."""
    LOCK.release()
    try:
        time.sleep(seconds)
    finally:
        LOCK.acquire()


class Reply:
    """An answer; `body` is JSON where it is a dict. `cut`: the connection ends before the last octets of the body, after
    `stall` seconds."""

    def __init__(self, status=200, body=None, media_type=None, **headers):
        self.status, self.body, self.media_type, self.cut, self.stall = status, body, media_type, False, 0
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def octets(self):
        if isinstance(self.body, dict):
            return json.dumps(self.body).encode()
        return self.body.encode() if isinstance(self.body, str) else self.body or b""


def problem(status, kind, detail="because", **headers):
    body = {"type": "urn:ietf:params:acme:error:" + kind, "detail": detail, "status": status}
    return Reply(status, body, "application/problem+json", **headers)


def page(status, **headers):
    """What a gateway in front of the CA says."""
    return Reply(status, "<html><h1>%d</h1></html>" % status, "text/html", **headers)


class Order:
    def __init__(self, number, names):
        self.number, self.names = number, names
        self.proofs = ["pending"] * len(names)  # status of each authorization
        self.errors = [None] * len(names)  # of its challenge
        self.tokens = [encoded(os.urandom(24)) for _ in names]
        self.status = "pending"
        self.key = self.pem = None

    def look(self):
        """Derives the status from the authorizations' (RFC 8555 7.1.6)."""
        if self.status == "pending" and all(status == "valid" for status in self.proofs):
            self.status = "ready"
        elif self.status == "pending" and "invalid" in self.proofs:
            self.status = "invalid"


class Ca:
    def __init__(self, base):
        self.base = base
        self.nonces, self.accounts, self.orders, self.counts = set(), {}, [], {}
        self.root_key, self.issuer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self.ca_certificate("odd root", "odd root", self.root_key, self.root_key)
        self.issuer = self.ca_certificate("odd issuer", "odd root", self.issuer_key, self.root_key)

    @staticmethod
    def ca_certificate(subject, issuer, key, signer):
        return (x509.CertificateBuilder().subject_name(name_of(subject)).issuer_name(name_of(issuer))
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(utc_now() - datetime.timedelta(days=4000))
                .not_valid_after(utc_now() + datetime.timedelta(days=36500))
                .add_extension(x509.BasicConstraints(True, None), True).sign(signer, hashes.SHA256()))

    def chain(self, order, begin=-3600, end=90 * 86400, revocation_list=None):
        """The certificate of an order and its issuer's in PEM; `begin` and `end` in seconds from now; `revocation_list`:
        the URL of the CA's CRL."""
        leaf = (x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self.issuer.subject)
                .public_key(order.key).serial_number(x509.random_serial_number())
                .not_valid_before(utc_now() + datetime.timedelta(seconds=begin))
                .not_valid_after(utc_now() + datetime.timedelta(seconds=end))
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in order.names]), False))
        if revocation_list:
            url = x509.UniformResourceIdentifier(revocation_list)
            leaf = leaf.add_extension(x509.CRLDistributionPoints([x509.DistributionPoint([url], None, None, None)]), False)
        leaf = leaf.sign(self.issuer_key, hashes.SHA256())
        return leaf.public_bytes(PEM).decode() + self.issuer.public_bytes(PEM).decode()

    def revocation_list(self, pems):
        """A CRL in DER: the CA has revoked these certificates."""
        made = (x509.CertificateRevocationListBuilder().issuer_name(self.issuer.subject).last_update(utc_now())
                .next_update(utc_now() + datetime.timedelta(days=7)))
        reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
        for pem in pems:
            serial = x509.load_pem_x509_certificate(pem.encode()).serial_number
            made = made.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial)
                                                .revocation_date(utc_now()).add_extension(reason, False).build())
        return made.sign(self.issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def new_nonce(self):
        nonce = encoded(os.urandom(16))
        self.nonces.add(nonce)
        return nonce

    def url(self, *path):
        return "/".join([self.base, *map(str, path)])

    def order_body(self, order):
        body = {"status": order.status, "expires": time_in(7 * 86400), "finalize": self.url("finalize", order.number),
                "identifiers": [{"type": "dns", "value": name} for name in order.names],
                "authorizations": [self.url("authorization", order.number, i) for i in range(len(order.names))]}
        if order.status == "valid":
            body["certificate"] = self.url("certificate", order.number)
        return body

    def challenge_body(self, order, index):
        body = {"type": "dns-01", "url": self.url("challenge", order.number, index), "token": order.tokens[index],
                "status": order.proofs[index]}
        if order.errors[index]:
            body["error"] = order.errors[index]
        return body

    def authorization_body(self, order, index):
        name, status = order.names[index], order.proofs[index]
        body = {"status": "pending" if status == "processing" else status, "expires": time_in(86400),
                "identifier": {"type": "dns", "value": name.removeprefix("*.")},
                "challenges": [self.challenge_body(order, index)]}
        if name.startswith("*."):
            body["wildcard"] = True
        return body

    def usual(self, request):
        resource, order, index = request.resource, request.order, request.index
        if resource == "directory":
            names = {"newNonce": "new-nonce", "newAccount": "new-account", "newOrder": "new-order",
                     "revokeCert": "revoke-cert", "keyChange": "key-change"}
            return Reply(200, {member: self.url(path) for member, path in names.items()})
        if resource == "new-nonce":
            return Reply(200 if request.method == "HEAD" else 204)
        if request.protected.get("nonce") not in self.nonces:
            return problem(400, "badNonce")
        self.nonces.discard(request.protected["nonce"])
        if request.protected.get("url") != self.base + request.path:
            return problem(401, "unauthorized", "the url is not that of the request")
        if resource == "new-account":
            key = json.dumps(request.protected.get("jwk"), sort_keys=True)
            is_new = key not in self.accounts
            url = self.accounts.setdefault(key, self.url("account", len(self.accounts)))
            return Reply(201 if is_new else 200, {"status": "valid"}, Location=url)
        if request.protected.get("kid") not in self.accounts.values():
            return problem(400, "accountDoesNotExist")
        if resource == "new-order":
            order = Order(len(self.orders), [item["value"] for item in request.payload["identifiers"]])
            self.orders.append(order)
            return Reply(201, self.order_body(order), Location=self.url("order", order.number))
        if order is None or (index is not None and index >= len(order.names)):
            return problem(404, "malformed", "no such thing")
        order.look()
        if resource == "order":
            return Reply(200, self.order_body(order))
        if resource == "authorization":
            if request.payload and request.payload.get("status") == "deactivated":
                order.proofs[index] = "deactivated"
            return Reply(200, self.authorization_body(order, index))
        if resource == "challenge":
            if order.proofs[index] != "pending":
                return problem(400, "malformed", "the challenge is not pending")
            order.proofs[index] = "valid"
            return Reply(200, self.challenge_body(order, index))
        if resource == "finalize":
            if order.status != "ready":
                return problem(403, "orderNotReady", "the order is " + order.status)
            order.key = x509.load_der_x509_csr(decoded(request.payload["csr"])).public_key()
            order.status = "valid"
            return Reply(200, self.order_body(order))
        if resource == "certificate" and order.key:
            order.pem = order.pem or self.chain(order)
            return Reply(200, order.pem, "application/pem-certificate-chain")
        return problem(404, "malformed", "no such thing")


def name_of(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


class Request:
    def __init__(self, ca, method, path, octets):
        self.method, self.path = method, path
        self.payload, self.protected, self.order, self.index = "", {}, None, None
        if octets:
            jws = json.loads(octets)
            self.protected = json.loads(decoded(jws["protected"]))
            self.payload = json.loads(decoded(jws["payload"])) if jws["payload"] else ""
        words = path.strip("/").split("/")
        self.resource = words[0] if words[0] in RESOURCES else "other"
        numbers = [int(word) for word in words[1:] if word.isdigit()]
        if numbers and numbers[0] < len(ca.orders):
            self.order = ca.orders[numbers[0]]
        if len(numbers) > 1:
            self.index = numbers[1]
        self.count = ca.counts[self.resource] = ca.counts.get(self.resource, 0) + 1


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ca, odd, requests = None, None, None

    def answer(self):
        octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with LOCK:
            request = Request(self.ca, self.command, self.path, octets)
            reply = Handler.odd(self.ca, request, lambda: self.ca.usual(request))
            if reply is not None and request.resource != "directory":
                reply.headers.setdefault("Replay-Nonce", self.ca.new_nonce())
            status = "cut" if reply is None else reply.status
            print(request.resource, self.command, self.path, status, file=self.requests, flush=True)
        if reply is None:
            self.close_connection = True
            return
        body = reply.octets()
        self.send_response_only(reply.status)
        if body:
            self.send_header("Content-Type", reply.media_type or "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.cut or reply.stall:
            self.wfile.write(body[:len(body) // 2])
            time.sleep(reply.stall)
            self.close_connection = True
        elif self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        kind = sys.exc_info()[0]
        if not issubclass(kind, (OSError, ssl.SSLError)):
            sys.excepthook(*sys.exc_info())


def main():
    address, certificate, key, folder = sys.argv[1:5]
    host, port = address.rsplit(":", 1)
    Handler.ca = Ca("https://" + address)
    names = dict(globals())
    names["odd"] = lambda ca, request, usual: usual()
    if len(sys.argv) > 5:
        with open(sys.argv[5], encoding="utf-8") as hook:
            exec(compile(hook.read(), sys.argv[5], "exec"), names)  # pylint: disable=exec-used
    Handler.odd = staticmethod(names["odd"])
    with open(os.path.join(folder, "root.pem"), "wb") as root:
        root.write(Handler.ca.root.public_bytes(PEM))
    Handler.requests = open(os.path.join(folder, "requests"), "a", encoding="utf-8")  # pylint: disable=consider-using-with
    server = Server((host, int(port)), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


main()
