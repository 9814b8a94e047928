#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A plug-in for acmed (type = "exec", see PROTOCOL.md) that edits zone files, for name servers that only read files: NSD, Knot, BIND
without dynamic updates.

It adds and removes lines of the form `NAME. TTL IN TXT "VALUE"`, increases the serial (the number on the line with the comment
"; serial"), leaves everything else as it is, and has the server read the file again. Its environment:

  ZONE_FILE  where the file of a zone is, "/etc/nsd/zones/{zone}.zone"
  RELOAD     what makes the server read it again, "nsd-control reload {zone}"; run without a shell
"""
import fcntl
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

SERIAL = re.compile(r"\d+(?=\s*;\s*serial)", re.IGNORECASE)
RELOAD_LIMIT = 20  # seconds


class Failure(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.error = {"kind": kind, "message": message}


class ZoneFiles:
    def __init__(self, zones, path, reload_command):
        self.zones, self.path, self.reload_command = zones, path, reload_command

    def zone_of(self, name):
        held = [zone for zone in self.zones if name == zone or name.endswith("." + zone)]
        return max(held, key=len, default=None)

    def apply(self, zone, changes):
        path = self.path.format(zone=zone)
        with locked(path):
            text = read(path)
            lines = text.splitlines()
            for change in changes:
                beginning = f"{change['name']}. "
                ending = f" IN TXT {quoted(change['value'])}"
                lines = [line for line in lines if not (line.startswith(beginning) and line.endswith(ending))]
                if change["action"] == "add":
                    lines.append(f"{beginning}{change['ttl']}{ending}")
            if lines != text.splitlines():
                replace(path, next_serial(path, "\n".join(lines) + "\n"))
            # Also when nothing was changed: the reload may be what failed the last time.
            self.reload(zone)

    def reload(self, zone):
        command = [part.format(zone=zone) for part in shlex.split(self.reload_command)]
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    timeout=RELOAD_LIMIT, check=False, text=True, errors="replace")
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failure("retry", f"the file is changed, but the server was not told: {error}") from error
        if result.returncode != 0:
            raise Failure("retry", f"the file is changed, but {command[0]} exited with {result.returncode}: {result.stdout.strip()}")

    def check(self):
        for zone in self.zones:
            path = self.path.format(zone=zone)
            next_serial(path, read(path))
            if not os.access(os.path.dirname(path), os.W_OK):
                raise Failure("refused", f"cannot write to {os.path.dirname(path)}: give its folder to the user that acmed runs as")


def quoted(value):
    return '"' + re.sub(r'["\\]', r"\\\g<0>", value) + '"'


def next_serial(path, text):
    """RFC 1982: it goes round after 32 bits, and is never 0."""
    if not SERIAL.search(text):
        raise Failure("refused", f"{path} has no line with a number and the comment \"; serial\": mark the serial in the SOA record")
    return SERIAL.sub(lambda found: str((int(found[0]) + 1) % 2**32 or 1), text, count=1)


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise Failure("refused", f"cannot read the zone file: {error}") from error


def replace(path, text):
    """Readers see the old file or the new one, whole, also after a power cut."""
    try:
        mode = os.stat(path).st_mode & 0o7777
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=os.path.dirname(path), delete=False) as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(file.name, path)
    except OSError as error:
        raise Failure("retry", f"cannot write the zone file: {error}") from error


def locked(path):
    """Held until it is closed: another instance may be about to end."""
    try:
        folder = open(os.path.dirname(path) + "/.acmed.lock", "w", encoding="utf-8")
    except OSError as error:
        raise Failure("refused", f"cannot write beside the zone file: {error}") from error
    fcntl.flock(folder, fcntl.LOCK_EX)
    return folder


def answer(request, files):
    method = request["method"]
    if method == "zone":
        return {"zone": files.zone_of(request["name"])}
    if method == "apply":
        files.apply(request["zone"], request["changes"])
        return {"ok": True}
    if method == "check":
        files.check()
        return {"ok": True}
    raise Failure("unsupported", method)


def hello(request):
    missing = [name for name in ("ZONE_FILE", "RELOAD") if not os.environ.get(name)]
    if missing:
        raise Failure("refused", f"{' and '.join(missing)} is not set: add it to environment")
    return ZoneFiles(request["zones"], os.environ["ZONE_FILE"], os.environ["RELOAD"])


def main():
    files = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["method"] == "hello":
                files = hello(request)
                said = {"version": 1}
            else:
                said = answer(request, files)
        except Failure as failure:
            said = {"error": failure.error}
        print(json.dumps({"id": request["id"], **said}), flush=True)


if __name__ == "__main__":
    main()
