#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program in a terminal of its own and writes what it shows to standard output. usage: terminal.py ROWS COLUMNS PROGRAM ARGUMENT...

Each line "ROWS COLUMNS" on standard input makes the terminal as large; at the end of it the program is ended, as by closing its window.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", int(rows), int(columns), 0, 0))


def main():
    rows, columns, *program = sys.argv[1:]
    child, terminal = pty.fork()
    if child == 0:
        resize(0, rows, columns)
        os.execvp(program[0], program)
    while True:
        ready, _, _ = select.select([terminal, sys.stdin], [], [])
        if terminal in ready:
            try:
                os.write(1, os.read(terminal, 65536))
            except OSError:  # it has ended
                break
        if sys.stdin in ready:
            line = os.read(0, 100).decode()
            if not line:
                break
            resize(terminal, *line.split())
    os.close(terminal)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()
