#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""round_trip_relay.py ADDRESS PORT TARGET_PORT ROUND_TRIP_SECONDS: makes the line to a server on ADDRESS long.

Octets are passed on, half a round trip late in each direction, and a connection is opened a round trip late, as TCP's
handshake would. Says "ready" when it listens.
"""
import asyncio
import sys

ADDRESS, PORT, TARGET_PORT, ROUND_TRIP = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
BLOCK = 65536


async def carry(reader, writer):
    """Passes on what `reader` gives, in order, each block half a round trip after it came."""
    loop = asyncio.get_running_loop()
    on_the_line = asyncio.Queue()

    async def arrive():
        while True:
            arrival, octets = await on_the_line.get()
            await asyncio.sleep(arrival - loop.time())
            if not octets:
                break
            writer.write(octets)
        writer.write_eof()

    arriving = asyncio.create_task(arrive())
    octets = b"begin"
    while octets:
        octets = await reader.read(BLOCK)
        on_the_line.put_nowait((loop.time() + ROUND_TRIP / 2, octets))
    await arriving


async def relay(reader, writer):
    await asyncio.sleep(ROUND_TRIP)
    there_reader, there_writer = await asyncio.open_connection(ADDRESS, TARGET_PORT)
    # A client that ends in the middle of an answer is nothing to report.
    await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer), return_exceptions=True)
    writer.close()
    there_writer.close()


async def main():
    async with await asyncio.start_server(relay, ADDRESS, PORT) as server:
        print("ready", flush=True)
        await server.serve_forever()


asyncio.run(main())
