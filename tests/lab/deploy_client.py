#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks acmed-deploy as acmed does, or as acmed never would.

usage: deploy_client.py SOCKET REQUEST [CONTENTS]

REQUEST is the line to send, "-" for none; CONTENTS what goes along with it: "sealed" or "open" for memory with what is on standard input,
otherwise the path of a file to be sent open. Prints the lines that come back, or "closed" when none does.
"""
import fcntl
import os
import socket
import sys

F_ADD_SEALS, ALL_SEALS = 1033, 0xF


def memory(sealed):
    fd = os.memfd_create("contents", os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(sys.stdin.buffer.read())
    if sealed:
        fcntl.fcntl(fd, F_ADD_SEALS, ALL_SEALS)
    return fd


def main():
    path, request = sys.argv[1:3]
    contents = sys.argv[3] if len(sys.argv) > 3 else None
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    try:
        connection.connect(path)
        fds = []
        if contents in ("sealed", "open"):
            fds = [memory(contents == "sealed")]
        elif contents:
            fds = [os.open(contents, os.O_RDONLY | os.O_NONBLOCK)]
        if request != "-":
            socket.send_fds(connection, [request.encode() + b"\n"], fds)
        else:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(65536):
            answer += block
        print(answer.decode().strip() or "closed")
    except OSError as error:
        print(f"closed: {error.strerror}")


if __name__ == "__main__":
    main()
