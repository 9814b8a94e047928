#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where the CA was, something answers everything with a web page.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

html_server() {
  python3 - "$WORK/lab/tls" <<'PYTHON'
import http.server, ssl, sys

class Page(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        page = b"<!DOCTYPE html><html><body><h1>Welcome to the hotel</h1></body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)
    do_GET = do_HEAD = do_POST = answer

server = http.server.ThreadingHTTPServer(("127.0.0.1", 14001), Page)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/server.crt", sys.argv[1] + "/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
PYTHON
}

page_is_served() { curl -fsS --cacert "$LAB_CA_BUNDLE" "$LAB_ACME2_DIRECTORY" 2>/dev/null | grep -q hotel; }

VICTIM_CA=second
start_failure_lab LAB_CA2=1
issue_both
lab stop pebble2
html_server 2>"$WORK/html.log" &
html=$!
expect_eventually "the web page is served" 10 page_is_served
make_due
expect_trouble 'HTML|not JSON|nonce|no ACME'
expect_healthy
expect_no_txt example.test

# The same where nothing is known of the CA yet.
STATE=$WORK/fresh
failure_config
remember
expect_trouble 'HTML|not JSON|directory'
kill "$html"
