#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes what is posted to /hook with the right token. usage: webhook_server.py PORT TOKEN FILE

The body is appended to FILE. /away leads elsewhere, which a client must not follow.
"""
import http.server
import sys


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/away":
            self.send_response(307)
            self.send_header("Location", "/hook")
            self.end_headers()
            return
        known = self.path == "/hook" and self.headers.get("Authorization", "") == f"Bearer {sys.argv[2]}"
        if known:
            with open(sys.argv[3], "ab") as file:
                file.write(body + b"\n")
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(b"taken" if known else b"who are you?")

    def log_message(self, format, *args):
        pass


def main():
    with http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Hook) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
