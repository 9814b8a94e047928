#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes mail by SMTP (RFC 5321), as much as a client needs that sends one. usage: mail_server.py PORT FILE

Each mail is appended to FILE, with its envelope. A recipient nobody@... is refused.
"""
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 mail.test")
        taken = []
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            verb = line.split(":")[0].upper().split(" ")[0]
            if verb == "DATA":
                self.say("354 go on")
                self.take(taken)
                self.say("250 taken")
            elif verb == "RCPT" and "nobody@" in line:
                self.say("550 no such user here")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                if verb in ("MAIL", "RCPT"):
                    taken.append(line)
                self.say("250 ok")

    def take(self, envelope):
        lines = list(envelope)
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if line == ".":
                break
            lines.append(line[1:] if line.startswith(".") else line)
        with open(sys.argv[2], "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def main():
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Session) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
