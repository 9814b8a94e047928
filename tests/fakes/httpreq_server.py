#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An endpoint for lego's provider `httpreq`, as people have them, which serves its records over DNS: httpreq_server.py ADDRESS ZONE FOLDER

It listens on ADDRESS:8080 under /dns and wants the user `operator` with the password in FOLDER/password. It fails at what is done
already. Each request is noted in FOLDER/requests. FOLDER/fault holds a fault, or nothing: throttled, silent, garbage. The test itself
reads /values/NAME and posts to /put/NAME.
"""
import base64
import hashlib
import http.server
import json
import pathlib
import sys
import threading

from dns_server import DnsServer

PORT = 8080


class Records:
    def __init__(self):
        self.lock = threading.Lock()
        self.of = {}

    def values(self, name):
        with self.lock:
            return sorted(self.of.get(name.lower(), ()))

    def names(self, apex):
        with self.lock:
            return [name for name, values in self.of.items() if values and (name == apex or name.endswith("." + apex))]

    def change(self, verb, name, value):
        """False when it is done already."""
        with self.lock:
            values = self.of.setdefault(name.lower(), set())
            if (value in values) == (verb == "present"):
                return False
            if verb == "present":
                values.add(value)
            else:
                values.discard(value)
            return True


def record_in(body):
    """The name and value that a request is about, in either mode."""
    if "fqdn" in body:
        return body["fqdn"].removesuffix("."), body["value"]
    if body["keyAuth"].split(".")[0] != body["token"]:
        raise ValueError("the key authorization is of another token")
    digest = hashlib.sha256(body["keyAuth"].encode()).digest()
    return "_acme-challenge." + body["domain"], base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    records, folder = Records(), pathlib.Path()

    def do_GET(self):
        values = self.records.values(self.path.removeprefix("/values/"))
        self.answer(200, "".join(value + "\n" for value in values))

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path.startswith("/put/"):
            self.records.change("present", self.path.removeprefix("/put/"), text)
            self.answer(200)
            return
        user = "Basic " + base64.b64encode(("operator:" + (self.folder / "password").read_text().strip()).encode()).decode()
        fault = (self.folder / "fault").read_text() if (self.folder / "fault").exists() else ""
        if fault == "garbage":
            self.wfile.write(b"Oh no\r\n\r\n")
            self.close_connection = True
        elif fault == "throttled":
            self.answer(429, retry_after=5)
        elif self.headers.get("Authorization") != user:
            self.answer(401, "who are you?\n")
        else:
            self.change(text, fault)

    def change(self, text, fault):
        body = json.loads(text)
        with (self.folder / "requests").open("a") as requests:
            print("POST", self.path, self.headers["Content-Type"], json.dumps(body, sort_keys=True), file=requests)
        verb = self.path.removeprefix("/dns/")
        if verb not in ("present", "cleanup"):
            self.answer(404)
            return
        done = self.records.change(verb, *record_in(body))
        if fault == "silent":
            threading.Event().wait()
        self.answer(*((200, "") if done else (500, "that is so already\n")))

    def answer(self, status, text="", retry_after=None):
        body = text.encode()
        self.send_response(status)
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    address, zone, folder = sys.argv[1:]
    Handler.folder = pathlib.Path(folder)
    DnsServer(address, [zone], Handler.records.values, Handler.records.names).start()
    http.server.ThreadingHTTPServer((address, PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
