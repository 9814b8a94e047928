#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTPS server that answers its first HTTP/2 request by frames without an end that are no part of an answer.

usage: http2_flood.py ADDRESS:PORT CERTIFICATE KEY empty-data|priority|ping

Prints "flooding" for each connection. Ends with its parent's namespace, or by a signal.
"""
import socket
import ssl
import struct
import sys
import threading

HEADERS, PRIORITY, SETTINGS, PING, DATA = 1, 2, 4, 6, 0
PREFACE, FRAME_HEAD = 24, 9
END_HEADERS = 4
FRAMES_AT_ONCE = 20000
LIMIT = 90  # seconds that a client may take


def frame(kind, flags, stream, content=b""):
    """RFC 9113 section 4.1."""
    return struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + content


def has_request(sent):
    at = PREFACE
    while at + FRAME_HEAD <= len(sent):
        if sent[at + 3] == HEADERS:
            return True
        at += FRAME_HEAD + int.from_bytes(sent[at:at + 3], "big")
    return False


def first_frames(kind):
    return frame(HEADERS, END_HEADERS, 1, b"\x88") if kind == "empty-data" else b""  # status 200


def more_frames(kind):
    """The same octets again and again: nothing is to slow the flood down."""
    if kind == "empty-data":
        return frame(DATA, 0, 1) * FRAMES_AT_ONCE
    if kind == "ping":
        return frame(PING, 0, 0, b"12345678") * FRAMES_AT_ONCE
    idle_streams = range(3, 3 + 2 * FRAMES_AT_ONCE, 2)
    return b"".join(frame(PRIORITY, 0, stream, struct.pack("!IB", 1, 5)) for stream in idle_streams)


def serve(connection, context, kind):
    try:
        connection.settimeout(LIMIT)
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(frame(SETTINGS, 0, 0))
            sent = b""
            while not has_request(sent):
                more = tls.recv(4096)
                if not more:
                    return
                sent += more
            print("flooding", flush=True)
            tls.sendall(first_frames(kind))
            frames = more_frames(kind)
            while True:
                tls.sendall(frames)
    except OSError:
        pass  # the client has gone


def main():
    listen, certificate, key, kind = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    address, port = listen.rsplit(":", 1)
    listener = socket.create_server((address, int(port)), backlog=64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, context, kind), daemon=True).start()


main()
