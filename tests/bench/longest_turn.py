#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the longest time, in milliseconds, that a traced program's main thread went without looking at its events.

usage: longest_turn.py TRACE    TRACE: of strace -f -ttt -T -e trace=epoll_wait; its first line is of the main thread
"""
import re
import sys


def main():
    begin_of = {}
    longest = 0.0
    first = None
    for line in open(sys.argv[1]):
        entry = re.match(r"(\d+) +(\d+\.\d+) (epoll_wait\(|<\.\.\. epoll_wait resumed>)", line)
        if not entry:
            continue
        thread, time, kind = entry[1], float(entry[2]), entry[3]
        first = first or thread
        took = re.search(r"<(\d+\.\d+)>$", line)
        if thread != first:
            continue
        if kind == "epoll_wait(" and thread in begin_of:
            longest = max(longest, time - begin_of[thread])
        if took:
            begin_of[thread] = time + float(took[1]) if kind == "epoll_wait(" else time
    print(round(longest * 1000))


main()
