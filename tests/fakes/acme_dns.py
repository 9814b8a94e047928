#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""acme-dns as its source has it: accounts, each with two rows of TXT values, of which an update replaces the older one.

    acme_dns.py ADDRESS DOMAIN [PORT]

serves DOMAIN by DNS on ADDRESS:53 and the API by HTTP on ADDRESS:PORT (80). What a test needs besides is below /fake/:

    GET  /fake/values?name=FQDN            the values at a name, one a line; aliases are followed
    POST /fake/alias   {"name", "target"}  a static CNAME record, as acme-dns' own configuration may have it
    POST /fake/fault   {"kind"}            throttled, silent, garbage, or "" for none
"""
import http.server
import ipaddress
import json
import re
import secrets
import string
import sys
import threading
import time
import urllib.parse
import uuid

from dns_server import DnsServer

ROWS = 2
TXT_TTL = 1
ALPHABET = string.ascii_letters + string.digits + "-_"


def is_of(text, size):
    return isinstance(text, str) and len(text) == size and all(c in ALPHABET for c in text)


class State:
    def __init__(self, domain):
        self.domain = domain
        self.lock = threading.Lock()
        self.accounts = {}  # by username
        self.rows = {}      # by subdomain: [value, second of its last update], in the order of their creation
        self.aliases = {}
        self.fault = ""

    def register(self, networks):
        account = {"username": str(uuid.uuid4()), "subdomain": str(uuid.uuid4()), "allowfrom": networks,
                   "password": "".join(secrets.choice(ALPHABET) for _ in range(40))}
        with self.lock:
            self.accounts[account["username"]] = account
            self.rows[account["subdomain"]] = [["", 0] for _ in range(ROWS)]
        return dict(account, fulldomain=account["subdomain"] + "." + self.domain)

    def update(self, subdomain, value):
        with self.lock:
            # UPDATE ... WHERE rowid = (SELECT ... ORDER BY LastUpdate LIMIT 1): the stamp is in whole seconds, and of rows
            # with the same stamp the first one goes.
            row = min(self.rows[subdomain], key=lambda row: row[1])
            row[:] = [value, int(time.time())]

    def values(self, name):
        with self.lock:
            if not name.endswith("." + self.domain):
                return []
            subdomain = name[:-len(self.domain) - 1]
            return [value for value, _ in self.rows.get(subdomain, []) if value]

    def names(self, _apex):
        with self.lock:
            return [subdomain + "." + self.domain for subdomain in self.rows]

    def alias(self, name):
        with self.lock:
            return self.aliases.get(name)

    def allowed(self, headers, address, body):
        """The account that may make this update, or None: acme-dns says no more than "forbidden" in each case."""
        account = self.accounts.get(headers.get("X-Api-User", ""))
        if account is None or not secrets.compare_digest(account["password"], headers.get("X-Api-Key", "")):
            return None
        networks = account["allowfrom"]
        if networks and not any(ipaddress.ip_address(address) in ipaddress.ip_network(n, False) for n in networks):
            return None
        return account if body.get("subdomain") == account["subdomain"] else None


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None  # set below

    def log_message(self, form, *arguments):
        print(self.client_address[0], form % arguments, flush=True)

    def answer(self, status, body, kind="application/json"):
        octets = (json.dumps(body) if kind == "application/json" else body).encode()
        fault = "" if self.path.startswith("/fake/") else self.state.fault
        if fault == "silent":
            self.close_connection = True
            time.sleep(3600)
            return
        if fault == "garbage":
            status, octets, kind = 200, b"<html><body>It works!</body></html>", "text/html"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        if url.path == "/health":
            self.answer(200, "", "text/plain")
        elif url.path == "/fake/values":
            name = urllib.parse.parse_qs(url.query)["name"][0].lower()
            name = self.state.alias(name) or name
            self.answer(200, "".join(value + "\n" for value in self.state.values(name)), "text/plain")
        else:
            self.answer(404, "404 page not found\n", "text/plain")

    def do_POST(self):
        body = self.body()
        if self.path == "/fake/fault":
            self.state.fault = json.loads(body)["kind"]
            self.answer(200, {})
        elif self.path == "/fake/alias":
            wish = json.loads(body)
            with self.state.lock:
                self.state.aliases[wish["name"].lower()] = wish["target"].lower()
            self.answer(200, {})
        elif self.state.fault == "throttled":
            self.answer(429, {"error": "too many requests"})
        elif self.path == "/register":
            self.register(body)
        elif self.path == "/update":
            self.update(body)
        else:
            self.answer(404, "404 page not found\n", "text/plain")

    def register(self, body):
        wish = {}
        if body:
            try:
                wish = dict(json.loads(body))
            except (ValueError, TypeError):
                return self.answer(400, {"error": "malformed_json_payload"})
        networks = wish.get("allowfrom") or []
        try:
            for network in networks:
                ipaddress.ip_network(network, False)
                if "/" not in network:
                    raise ValueError(network)
        except ValueError:
            return self.answer(400, {"error": "invalid_allowfrom_cidr"})
        return self.answer(201, self.state.register(networks))

    def update(self, body):
        try:
            wish = json.loads(body)
        except ValueError:
            wish = {}
        if not isinstance(wish, dict) or self.state.allowed(self.headers, self.client_address[0], wish) is None:
            return self.answer(401, {"error": "forbidden"})
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", wish["subdomain"]):
            return self.answer(400, {"error": "bad_subdomain"})
        if not is_of(wish.get("txt"), 43):
            return self.answer(400, {"error": "bad_txt"})
        self.state.update(wish["subdomain"], wish["txt"])
        return self.answer(200, {"txt": wish["txt"]})


def main():
    address, domain = sys.argv[1], sys.argv[2].lower()
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 80
    Api.state = State(domain)
    dns = DnsServer(address, [domain], Api.state.values, Api.state.names, alias=Api.state.alias, text_ttl=TXT_TTL)
    dns.start()
    http.server.ThreadingHTTPServer((address, port), Api).serve_forever()


if __name__ == "__main__":
    main()
