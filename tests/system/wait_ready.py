#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wait_ready.py SOCKET LIMIT COMMAND...: runs a systemd-nspawn that boots a container, and says when that is up.

It serves SOCKET as systemd-nspawn's NOTIFY_SOCKET, prints the pid of the container's init when that has told that it is ready (--notify-ready),
and stays until systemd-nspawn has ended; it ends that when it is told to end itself. Nothing is printed when the container ends before it is ready,
or is not ready within LIMIT seconds.
"""
import os
import select
import signal
import socket
import subprocess
import sys


def wait_until_ready(notices, ended, limit):
    """The pid of init, or None."""
    leader = None
    while True:
        readable, _, _ = select.select([notices, ended], [], [], limit)
        if notices not in readable:
            return None
        lines = notices.recv(65536).decode().splitlines()
        for line in lines:
            if line.startswith("X_NSPAWN_LEADER_PID="):
                leader = line.split("=", 1)[1]
        if "READY=1" in lines:
            return leader


def pass_over_the_rest(notices, ended):
    """Until the machine has ended. The container's init waits for ever where nobody takes what it tells."""
    while ended not in select.select([notices, ended], [], [])[0]:
        notices.recv(65536)


def main(path, limit, command):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(path)
        # Its output is the container's console, ours is for who waits.
        with subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": path}, stdin=subprocess.DEVNULL, stdout=sys.stderr) as machine:
            signal.signal(signal.SIGTERM, lambda *_: machine.terminate())
            ended = os.pidfd_open(machine.pid)
            leader = wait_until_ready(notices, ended, int(limit))
            print(leader or "", flush=True)
            sys.stdout.close()
            pass_over_the_rest(notices, ended)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
