# SPDX-License-Identifier: Apache-2.0
"""An authoritative DNS server for the fakes of DNS operators: what their API was told is what it answers.

It knows SOA, NS and A at its apexes, ns.APEX, and TXT and CNAME anywhere; UDP (cut at 1,232 octets, TC) and TCP.
"""
import socket
import socketserver
import struct
import threading

A, NS, CNAME, SOA, TXT, ANY_CLASS_IN = 1, 2, 5, 6, 16, 1
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 3, 4, 5
LARGEST_DATAGRAM = 1232
TTL = 60


def wire_name(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_question(query):
    """The lower-case name without its final dot, the type, and the octets of the whole question."""
    labels, place = [], 12
    while query[place]:
        size = query[place]
        if size > 63:
            raise ValueError("a compressed question")
        labels.append(query[place + 1:place + 1 + size].decode("ascii").lower())
        place += 1 + size
    kind, = struct.unpack_from(">H", query, place + 1)
    return ".".join(labels), kind, query[12:place + 5]


def text_data(value):
    octets = value if isinstance(value, bytes) else value.encode("latin-1")
    parts = [octets[i:i + 255] for i in range(0, len(octets), 255)] or [b""]
    return b"".join(bytes([len(part)]) + part for part in parts)


class DnsServer:
    """Serves `zones` (apexes) on `address`:53. `values(name)` gives the TXT values at a name, `names(apex)` all names that
    have any, `alias(name)` the target of its CNAME or None; all are called from other threads, so they lock for
    themselves. `text_ttl`: seconds, of the TXT records."""

    def __init__(self, address, zones, values, names, port=53, alias=lambda name: None, text_ttl=TTL):
        self.address, self.zones, self.values, self.names = address, list(zones), values, names
        self.alias, self.text_ttl = alias, text_ttl
        self.serial = 1
        outer = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self):
                query, sock = self.request
                answer = outer.answer(query, LARGEST_DATAGRAM)
                if answer:
                    sock.sendto(answer, self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self):
                size = self.rfile.read(2)
                if len(size) == 2:
                    answer = outer.answer(self.rfile.read(struct.unpack(">H", size)[0]), 65535)
                    if answer:
                        self.wfile.write(struct.pack(">H", len(answer)) + answer)

        class Udp(socketserver.ThreadingUDPServer):
            allow_reuse_address = True
            daemon_threads = True
            max_packet_size = 4096

        class Tcp(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.servers = [Udp((address, port), Datagram), Tcp((address, port), Stream)]

    def start(self):
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def zone_of(self, name):
        held = [zone for zone in self.zones if name == zone or name.endswith("." + zone)]
        return max(held, key=len, default=None)

    def answer(self, query, limit):
        if len(query) < 12 or query[2] & 0x80:
            return None
        try:
            name, kind, question = read_question(query)
        except (IndexError, ValueError, struct.error):
            return query[:2] + struct.pack(">HHHHH", 0x8000 | FORMERR, 0, 0, 0, 0)
        if query[2] & 0x78:
            return self.message(query, question, NOTIMP, False, [], [], limit)
        zone = self.zone_of(name)
        if zone is None:
            return self.message(query, question, REFUSED, False, [], [], limit)
        target = self.alias(name)
        if target is not None:
            answers = [self.record(name, CNAME, wire_name(target))]
        else:
            answers = [self.record(name, kind, data) for data in self.data(zone, name, kind)]
        soa = [self.record(zone, SOA, self.soa(zone))]
        exists = bool(answers) or name in (zone, "ns." + zone) or any(
            held == name or held.endswith("." + name) for held in self.names(zone))
        return self.message(query, question, NOERROR if exists else NXDOMAIN, True, answers, [] if answers else soa, limit)

    def soa(self, zone):
        return wire_name("ns." + zone) + wire_name("hostmaster." + zone) + struct.pack(">IIIII", self.serial, 60, 60, 60, 1)

    def data(self, zone, name, kind):
        if kind == TXT:
            return [text_data(value) for value in self.values(name)]
        if name == zone and kind == SOA:
            return [self.soa(zone)]
        if name == zone and kind == NS:
            return [wire_name("ns." + zone)]
        if name in (zone, "ns." + zone) and kind == A:
            return [socket.inet_aton(self.address)]
        return []

    def record(self, name, kind, data):
        ttl = self.text_ttl if kind == TXT else TTL
        return wire_name(name) + struct.pack(">HHIH", kind, ANY_CLASS_IN, ttl, len(data)) + data

    @staticmethod
    def message(query, question, rcode, authoritative, answers, authority, limit):
        def build(flags, answers, authority):
            head = struct.pack(">HHHHH", flags, 1, len(answers), len(authority), 0)
            return query[:2] + head + question + b"".join(answers + authority)

        flags = 0x8000 | (query[2] & 0x01) << 8 | rcode | (0x0400 if authoritative else 0)
        whole = build(flags, answers, authority)
        return whole if len(whole) <= limit else build(flags | 0x0200, [], [])
