#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends spoiled HTTP requests to a Unix socket, always the same ones, and checks that what listens there lives on.

usage: spoiled_requests.py SOCKET COUNT

None of them may succeed in changing anything: each request that could is spoiled so that it must be refused.
"""
import random
import selectors
import socket
import sys
import time

AT_A_TIME = 100  # fewer than the server serves one user at a time
PATIENCE = 0.05  # seconds

TARGETS = ["/", "/metrics", "/v1/status", "/v1/certificates", "/v1/certificates/one", "/v1/certificates/one/renew", "/v1/certificates/one/deploy",
           "/v1/operations/1-1", "/v1/events", "/v1/reload", "/v1/doctor", "/v1/accounts", "/v1/openapi.json"]
METHODS = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "FOO", "get", "G\x00T", "A" * 300]
BODIES = [b"{", b"[]", b"{\"force\": 1}", b"{\"x\": true}", b"\xff\xfe", b"[" * 5000, b"{\"force\": tru", b"null", b"1e999", b"x" * 70000]


def spoiled(chance):
    target = chance.choice(TARGETS)
    kind = chance.randrange(8)
    if kind == 0:  # octets of no meaning
        return bytes(chance.randrange(256) for _ in range(chance.randrange(1, 400)))
    if kind == 1:  # a method that is not for it
        return f"{chance.choice(METHODS)} {target} HTTP/1.1\r\nHost: acmed\r\nConnection: close\r\n\r\n".encode("latin-1")
    if kind == 2:  # a target that is none
        target += "".join(chr(chance.randrange(33, 126)) for _ in range(chance.randrange(1, 40)))
    if kind == 3:  # a query that is none
        target += "?" + "&".join(f"{chance.randrange(99)}={'%00' * chance.randrange(3)}" for _ in range(chance.randrange(1, 30)))
    if kind in (4, 5):  # a body that is none
        body = chance.choice(BODIES)
        length = max(1, len(body) + chance.choice([0, 0, 0, -1, 1, 10 ** 12]))  # no body at all would be right
        head = f"POST {target} HTTP/1.1\r\nHost: acmed\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        return head.encode() + body
    request = bytearray(f"GET {target} HTTP/1.1\r\nHost: acmed\r\nX-More: {'x' * chance.randrange(2000)}\r\nConnection: close\r\n\r\n".encode())
    if kind in (6, 7):  # some octets changed, or the end cut off
        for _ in range(chance.randrange(1, 6)):
            request[chance.randrange(len(request))] = chance.randrange(256)
        if kind == 7:
            del request[chance.randrange(len(request)):]
    return bytes(request)


def connected(path, request):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(path)
    try:
        connection.sendall(request)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return connection


def await_turn(path):
    """Until a right request is answered: those that came before it have been looked at then."""
    connection = connected(path, b"GET /v1/openapi.json HTTP/1.1\r\nHost: acmed\r\nConnection: close\r\n\r\n")
    connection.settimeout(60)
    if not connection.recv(64).startswith(b"HTTP/1.1 200"):
        sys.exit("a right request is not answered any more")
    connection.close()


def answers(connections):
    """What has come, or comes within a moment: nothing does to a request without an end."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        end = time.monotonic() + PATIENCE
        while selector.get_map() and time.monotonic() < end:
            for key, _ in selector.select(max(0, end - time.monotonic())):
                selector.unregister(key.fileobj)
                try:
                    yield key.fileobj.recv(64)
                except ConnectionResetError:
                    pass


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    chance = random.Random(1)
    answered = accepted = 0
    for begin in range(0, count, AT_A_TIME):
        connections = [connected(path, spoiled(chance)) for _ in range(min(AT_A_TIME, count - begin))]
        await_turn(path)
        for answer in answers(connections):
            answered += answer.startswith(b"HTTP/1.1 ")
            accepted += answer.startswith(b"HTTP/1.1 202")
        for connection in connections:
            connection.close()
    if accepted or answered < count / 4:
        sys.exit(f"of {count} spoiled requests {answered} were answered, {accepted} accepted")
    print(f"{count} spoiled requests: {answered} were answered, none was accepted")


if __name__ == "__main__":
    main()
