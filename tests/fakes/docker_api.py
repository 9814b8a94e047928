#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The part of Docker's API that acmed-container uses, on a Unix socket. usage: docker_api.py SOCKET LOG

Three containers run: web (label acmed=example.test), mail and shop. Each call that changes something is a line in LOG. A program `fails` exits
with 3. Names are matched as Podman does: by a part.
"""
import http.server
import json
import re
import socketserver
import sys
import urllib.parse

CONTAINERS = [
    {"Id": "a" * 64, "Names": ["/web"], "Labels": {"acmed": "example.test"}, "State": "running"},
    {"Id": "b" * 64, "Names": ["/mail"], "Labels": {}, "State": "running"},
    {"Id": "c" * 64, "Names": ["/web-old"], "Labels": {"acmed": "example.test"}, "State": "exited"},
    {"Id": "e" * 64, "Names": ["/shop"], "Labels": {}, "State": "running"},
    {"Id": "d" * 64, "Names": ["/web2"], "Labels": {"acmed": "other.test"}, "State": "running"},
]
COMMANDS = {}


def matches(container, filters):
    if container["State"] not in filters.get("status", [container["State"]]):
        return False
    for label in filters.get("label", []):
        name, equals, value = label.partition("=")
        if name not in container["Labels"] or (equals and container["Labels"][name] != value):
            return False
    names = filters.get("name", [])
    return not names or any(re.search(name.rstrip("$"), each) for name in names for each in container["Names"])


class Handler(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def answer(self, status, content=b""):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)

    def note(self, line):
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            log.write(line + "\n")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/containers/json":
            filters = json.loads(query.get("filters", ["{}"])[0])
            self.answer(200, [each for each in CONTAINERS if matches(each, filters)])
        elif url.path.startswith("/exec/"):
            command = COMMANDS[url.path.split("/")[2]]
            self.answer(200, {"ExitCode": 3 if command[0] == "fails" else 0})
        else:
            self.answer(404, {"message": "page not found"})

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = url.path.strip("/").split("/")
        name = next((each["Names"][0][1:] for each in CONTAINERS if each["Id"] == parts[1]), parts[1])
        if parts[0] == "containers" and parts[2] == "kill":
            if query["signal"] == ["NONSENSE"]:
                self.answer(400, {"message": "invalid signal: NONSENSE"})
                return
            self.note(f"kill {name} {query['signal'][0]}")
            self.answer(204)
        elif parts[0] == "containers" and parts[2] == "restart":
            self.note(f"restart {name}")
            self.answer(204)
        elif parts[0] == "containers" and parts[2] == "exec":
            number = str(len(COMMANDS))
            COMMANDS[number] = json.loads(body)["Cmd"]
            self.note(f"exec {name} {json.dumps(COMMANDS[number])}")
            self.answer(201, {"Id": number})
        elif parts[0] == "exec":
            self.answer(200, b"cannot reload\n" if COMMANDS[parts[1]][0] == "fails" else b"")
        else:
            self.answer(404, {"message": "page not found"})


if __name__ == "__main__":
    with socketserver.UnixStreamServer(sys.argv[1], Handler) as server:
        server.serve_forever()
