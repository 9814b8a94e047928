#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Serves zones whose name servers keep silent: usage: silent_zones.py ADDRESS COUNT ZONE...

Beside ns.ZONE, which is this program, each ZONE names COUNT servers with addresses in 172.16.0.0/12, where nobody answers.
Prints "ready" when it listens.
"""
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
from dns_server import A, NS, DnsServer, wire_name  # noqa: E402

FIRST_NETWORK = 172 << 24 | 16 << 16


class SilentZones(DnsServer):
    def __init__(self, address, count, zones):
        super().__init__(address, zones, values=lambda name: [], names=lambda zone: [f"s{i}.{zone}" for i in range(count)])

    def data(self, zone, name, kind):
        silent = self.names(zone)
        if name == zone and kind == NS:
            return [wire_name(host) for host in [f"ns.{zone}", *silent]]
        if name in silent and kind == A:
            return [(FIRST_NETWORK + silent.index(name) + 1).to_bytes(4, "big")]
        return super().data(zone, name, kind)


def main():
    SilentZones(sys.argv[1], int(sys.argv[2]), sys.argv[3:]).start()
    print("ready", flush=True)
    threading.Event().wait()


main()
