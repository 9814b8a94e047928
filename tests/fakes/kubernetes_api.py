#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The part of Kubernetes' API that acmed-kubernetes-secret uses. usage: kubernetes_api.py PORT CERTIFICATE KEY TOKEN STATE

Keeps Secrets of the namespace `web` in the file STATE, as JSON. Any other namespace is forbidden.
"""
import http.server
import json
import pathlib
import ssl
import sys

PORT, CERTIFICATE, KEY, TOKEN, STATE = sys.argv[1:]


def load():
    path = pathlib.Path(STATE)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, message):
        self.answer(status, {"kind": "Status", "status": "Failure", "message": message})

    def handle_change(self, change):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.refuse(401, "Unauthorized")
        if not self.path.startswith("/api/v1/namespaces/web/secrets"):
            return self.refuse(403, 'secrets is forbidden: User "acmed" cannot patch resource "secrets"')
        secrets = load()
        result = change(secrets, self.path.rpartition("/")[2], body)
        pathlib.Path(STATE).write_text(json.dumps(secrets), encoding="utf-8")
        return self.answer(*result) if result[0] < 400 else self.refuse(*result)

    def do_PATCH(self):
        def patch(secrets, name, body):
            if self.headers["Content-Type"] != "application/merge-patch+json":
                return 415, "the body of the request was in an unknown format"
            if name not in secrets:
                return 404, f'secrets "{name}" not found'
            secrets[name]["data"].update(body["data"])
            return 200, secrets[name]

        self.handle_change(patch)

    def do_POST(self):
        def create(secrets, _, body):
            name = body["metadata"]["name"]
            if name in secrets:
                return 409, f'secrets "{name}" already exists'
            if body["type"] == "kubernetes.io/tls" and set(body["data"]) != {"tls.crt", "tls.key"}:
                return 422, "Required value"
            secrets[name] = body
            return 201, body

        self.handle_change(create)


if __name__ == "__main__":
    server = http.server.HTTPServer(("127.0.0.1", int(PORT)), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
