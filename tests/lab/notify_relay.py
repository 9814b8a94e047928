#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Delays DNS NOTIFY messages on their way to a secondary, and so the propagation of every change.

usage: notify_relay.py ADDRESS PORT=TARGET:TARGET_PORT/SECONDS ...

Each NOTIFY is acknowledged at once and passed on after SECONDS. A further one for the same zone starts the wait anew: a
transfer brings the zone as it is by then, so passing the first one on in its time would show the second change too
early. Ends on SIGTERM.
"""
import selectors
import socket
import sys
import time

NOTIFY = 4
HEADER = 12  # octets


def is_notify(message):
    return len(message) > HEADER and (message[2] >> 3) & 15 == NOTIFY and not message[2] & 0x80


def acknowledgement(message):
    reply = bytearray(message)
    reply[2] |= 0x84  # a response, authoritative
    reply[3] &= 0xF0  # NOERROR
    return bytes(reply)


def udp_socket(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))
    return sock


def main(address, routes):
    selector = selectors.DefaultSelector()
    for route in routes:
        port, rest = route.split("=", 1)
        target, delay = rest.split("/", 1)
        host, target_port = target.rsplit(":", 1)
        selector.register(udp_socket(address, int(port)), selectors.EVENT_READ, ((host, int(target_port)), float(delay)))
    out = udp_socket(address, 0)
    selector.register(out, selectors.EVENT_READ, None)  # the secondaries' acknowledgements: read and dropped
    due = {}  # (target, zone) -> (when, message)
    while True:
        timeout = max(0.0, min(due.values())[0] - time.monotonic()) if due else None
        for key, _ in selector.select(timeout):
            message, peer = key.fileobj.recvfrom(65535)
            if key.data is None or not is_notify(message):
                continue
            key.fileobj.sendto(acknowledgement(message), peer)
            target, delay = key.data
            zone = message[HEADER:message.index(b"\0", HEADER)].lower()
            due[target, zone] = (time.monotonic() + delay, message)
        now = time.monotonic()
        for route in [r for r, (when, _) in due.items() if when <= now]:
            out.sendto(due.pop(route)[1], route[0])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
