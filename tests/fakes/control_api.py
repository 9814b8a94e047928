#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The control API as acmectl meets it, at a Unix socket: one certificate, "web", whose renewal has three steps; "mail", whose renewal fails;
a reload that is refused, an examination, and a stream of events that goes on.

usage: control_api.py SOCKET [LOG]

LOG gets a line for each request.
"""
import http.server
import json
import pathlib
import socketserver
import sys
import threading
import time

WEB = {"name": "web", "domains": ["example.test"], "ca": "lab", "key_type": "ecdsa-p256", "state": "valid",
       "live": {"generation": 1, "serial": "0a", "not_before": "2026-11-01T00:00:00Z", "not_after": "2099-01-01T00:00:00Z"},
       "next": {"what": "renew", "at": "2098-01-01T00:00:00Z", "because": "a third of its life is left"}, "targets": []}
MAIL = {**WEB, "name": "mail", "state": "failing", "trouble": {"what": "issue", "sentence": "no\x1b[2J luck", "cause": "x:y", "failures": 2}}
STEPS = [{"step": "ordered", "sentence": "lab, 1 name", "seconds": 0.2}, {"step": "propagation", "sentence": "3 of 3 name servers", "seconds": 4.1},
         {"step": "issued", "sentence": "serial 0b", "seconds": 1.1}]
LINES = [{"subject": "CA lab", "verdict": "ok", "sentence": "answers", "mend": ""},
         {"subject": "DNS", "verdict": "wrong", "sentence": "no key", "mend": "make one"}]
begun = {}


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value, kind="application/json"):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, detail, **more):
        self.answer(status, {"title": "x", "detail": detail, **more}, "application/problem+json")

    def do_GET(self):
        if self.path == "/v1/status":
            self.answer(200, {"cas": [{"name": "lab", "open": True}]})
        elif self.path == "/v1/certificates":
            self.answer(200, {"certificates": [WEB, MAIL]})
        elif self.path == "/v1/certificates/web":
            self.answer(200, WEB)
        elif self.path.startswith("/v1/certificates/"):
            self.problem(404, "no certificate is so named; did you mean web?")
        elif self.path.startswith("/v1/operations/"):
            self.operation(self.path.rsplit("/", 1)[1])
        elif self.path.startswith("/v1/events"):
            self.events()
        else:
            self.problem(404, "there is no such resource")

    def operation(self, name):
        done = min(int((time.monotonic() - begun[name]) / 0.3), len(STEPS))
        state = "running" if done < len(STEPS) else "failed" if name == "mail" else "succeeded"
        failures = [{"what": "issue", "sentence": "the CA refuses"}] if state == "failed" else []
        self.answer(200, {"id": name, "state": state, "steps": STEPS[:done], "failures": failures})

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(1, 4):
            event = {"id": number, "time": "2026-11-27T00:00:00Z", "type": "issued", "certificate": "web", "sentence": f"event {number}"}
            self.wfile.write(f"id: {number}\nevent: issued\ndata: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()
        try:
            while True:
                time.sleep(0.5)
                self.wfile.write(b": ping\n\n")
                self.wfile.flush()
        except OSError:
            pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = self.path.split("/")
        if parts[2] == "certificates" and parts[-1] in ("renew", "deploy"):
            begun[parts[3]] = time.monotonic()
            self.answer(202, {"id": parts[3], "state": "running", "steps": [], "failures": []})
        elif self.path == "/v1/reload":
            self.problem(422, "the new configuration is wrong: the old one stays",
                         faults=[{"file": "/etc/acmed/acmed.toml", "line": 3, "column": 1, "sentence": "nothing: is unknown"}])
        elif self.path == "/v1/doctor":
            self.answer(200, {"lines": LINES})
        else:
            self.problem(404, "there is no such resource")

    def log_request(self, code="-", size="-"):
        if len(sys.argv) > 2:
            with open(sys.argv[2], "a", encoding="utf-8") as log:
                print(self.command, self.path, file=log)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "acmectl"


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        request, _ = super().get_request()
        return request, ("acmectl", 0)


def main():
    pathlib.Path(sys.argv[1]).unlink(missing_ok=True)
    with Server(sys.argv[1], Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Event().wait()


if __name__ == "__main__":
    main()
