#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands between acmed and a plug-in and puts faults in its way: plugin_relay.py FILE PROGRAM [ARGUMENT...]

FILE holds a fault, or nothing: credentials and throttled refuse every request, garbage answers each with nonsense, silent has changes
made and keeps the answer back. What it got in its environment it tells on standard error, as careless programs do.
"""
import json
import os
import pathlib
import subprocess
import sys

REFUSALS = {
    "credentials": {"kind": "refused", "message": "the test's credentials are wrong"},
    "throttled": {"kind": "throttled", "message": "the test wants fewer calls", "retry_after": 5},
}


def say(line):
    sys.stdout.write(line)
    sys.stdout.flush()


def relay(file, program):
    print(*os.environ.values(), file=sys.stderr, flush=True)
    plugin = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in sys.stdin:
        request = json.loads(line)
        fault = file.read_text().strip() if file.exists() and request["method"] != "hello" else ""
        if fault in REFUSALS:
            say(json.dumps({"id": request["id"], "error": REFUSALS[fault]}) + "\n")
        elif fault == "garbage":
            say("Oh no\n")
        else:
            plugin.stdin.write(line)
            plugin.stdin.flush()
            answer = plugin.stdout.readline()
            if not answer:
                sys.exit("the plug-in ended")
            if fault != "silent" or request["method"] != "apply":
                say(answer)
    plugin.stdin.close()
    plugin.wait()


if __name__ == "__main__":
    relay(pathlib.Path(sys.argv[1]), sys.argv[2:])
