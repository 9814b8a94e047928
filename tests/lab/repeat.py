#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An operator that repeats secrets in one of the forms in which programs and servers give them back, and who looks for these forms.

usage: repeat.py forms                       the names of the forms, one a line
       repeat.py serve ADDRESS PORT FORM SECRETS   answers every HTTP request with a refusal that holds the secrets in that form
       repeat.py say FORM SECRETS            says them on standard error, as a program does that fails
       repeat.py look SECRETS FILE...        prints what is found of them, in whatever form; "FORM FILE" a line

SECRETS: a file, each line a secret.
"""
import base64
import http.server
import json
import sys
import urllib.parse
import xml.sax.saxutils


def escaped(secret):
    return json.dumps(secret)[1:-1].replace("/", "\\/").replace("&", "\\u0026").replace("<", "\\u003c")


def core(lead, secret):
    """The characters of base64 that the secret alone decides, `lead` octets after a multiple of three."""
    text = base64.b64encode(b"\0" * lead + secret.encode()).decode()
    return text[(lead * 8 + 5) // 6 : (lead + len(secret.encode())) * 8 // 6]


# What is said, and what must not be found of it.
SAID = {
    "plain": lambda s: s,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64-after-one": lambda s: base64.b64encode(b":" + s.encode() + b"~").decode(),
    "base64-after-two": lambda s: base64.b64encode(b"u:" + s.encode()).decode(),
    "base64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    "percent": lambda s: urllib.parse.quote(s, safe=""),
    "percent-small": lambda s: urllib.parse.quote(s, safe="").lower() if s == s.lower() else urllib.parse.quote(s, safe=""),
    "path": lambda s: urllib.parse.quote(s),
    "json": escaped,
    "xml": lambda s: xml.sax.saxutils.escape(s, {'"': "&quot;"}),
    "broken": lambda s: s[: len(s) // 2] + "\r\n  " + s[len(s) // 2 :],
}
FOUND = dict(SAID)
FOUND.update(
    {
        "base64": lambda s: core(0, s),
        "base64-after-one": lambda s: core(1, s),
        "base64-after-two": lambda s: core(2, s),
        "base64url": lambda s: core(0, s).replace("+", "-").replace("/", "_"),
        "broken": lambda s: s[: len(s) // 2] + " " + s[len(s) // 2 :],
    }
)


def secrets_in(path):
    return [line.strip() for line in open(path) if line.strip()]


class Operator(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        words = " ".join(SAID[self.server.form](secret) for secret in self.server.secrets)
        if self.path.startswith("/2013-04-01"):
            kind, body = "text/xml", f"<ErrorResponse><Error><Code>InvalidInput</Code><Message>{xml.sax.saxutils.escape(words)}</Message></Error></ErrorResponse>"
        else:
            kind = "application/json"
            body = json.dumps({"success": False, "errors": [{"code": 6003, "message": words}], "messages": [], "result": None, "error": words})
        body = body.encode()
        self.send_response(422)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "forms":
        print("\n".join(SAID))
    elif command == "serve":
        server = http.server.ThreadingHTTPServer((arguments[0], int(arguments[1])), Operator)
        server.form, server.secrets = arguments[2], secrets_in(arguments[3])
        server.serve_forever()
    elif command == "say":
        sys.exit(" ".join(SAID[arguments[0]](secret) for secret in secrets_in(arguments[1])))
    else:
        secrets = secrets_in(arguments[0])
        for path in arguments[1:]:
            text = open(path, errors="replace").read()
            for form, make in FOUND.items():
                if any(make(secret) in text for secret in secrets):
                    print(form, path)


main()
