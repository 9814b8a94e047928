#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for systemd where none is booted: service_manager.py SYSTEMCTL MANAGER serves, and the same file under the name systemctl asks it.

It starts, reloads and stops services by their unit files: with the user, groups, state folder and umask that the file names, without
new privileges and with its credentials, and waits until they are ready; instances of templates; and sockets that start a service for each connection. Only root may ask, as with systemd
where no polkit says otherwise. What else stands in a unit, the sandbox above all, is passed over. SYSTEMCTL is the real one: it enables and
disables. MANAGER is the lab's, by which services ask over D-Bus.
"""
import ctypes
import grp
import json
import os
import pathlib
import pwd
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid

SOCKET = "/run/service_manager.sock"
UNIT_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
BUS = "/run/service_manager.bus"
TIMEOUT = 20
VERBS = ("start", "stop", "restart", "try-restart", "reload", "reload-or-restart", "try-reload-or-restart", "is-active")


class Failed(Exception):
    """What systemctl says, and its exit status."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


class Settings:
    """One section of a unit's file."""

    def __init__(self, name, wanted):
        self.settings = {}
        prefix, _, rest = name.partition("@")
        instance, _, kind = rest.rpartition(".")
        for file in (name, f"{prefix}@.{kind}"):
            for folder in UNIT_FOLDERS:
                path = pathlib.Path(folder, file)
                if path.exists():
                    text = path.read_text().replace("%i", instance)
                    self.read(text, "[Unit]")
                    self.read(text, wanted)
                    return
        raise Failed(f"Unit {name} not found.", 5)

    def read(self, text, wanted):
        section = ""
        for line in text.replace("\\\n", " ").splitlines():
            line = line.strip()
            if line.startswith("["):
                section = line
            elif section == wanted and "=" in line and line[0] not in "#;":
                key, value = line.split("=", 1)
                values = self.settings.setdefault(key.strip(), [])
                if value.strip():
                    values.append(value.strip())
                else:
                    values.clear()  # an empty assignment forgets those before it

    def get(self, key, default=""):
        return (self.settings.get(key) or [default])[-1]

    def words(self, key):
        return " ".join(self.settings.get(key, [])).split()


class Socket(Settings):
    """A socket with Accept=yes: one instance of the service for each connection."""

    def __init__(self, name):
        super().__init__(name, "[Socket]")
        self.name = name
        self.lock = threading.Lock()
        self.listener = None

    def pid(self):
        return None if self.listener is None else os.getpid()

    def do(self, verb):
        with self.lock:
            if verb in ("stop", "restart") and self.listener is not None:
                self.listener.shutdown(socket.SHUT_RDWR)  # who waits for a connection wakes up
                self.listener.close()
                self.listener = None
                pathlib.Path(self.get("ListenStream")).unlink()
            if verb in ("start", "restart") and self.listener is None:
                self.listen()

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        path = self.get("ListenStream")
        umask = os.umask(0o777)
        try:
            self.listener.bind(path)
        finally:
            os.umask(umask)
        os.chown(path, pwd.getpwnam(self.get("SocketUser", "root")).pw_uid, -1)
        os.chmod(path, int(self.get("SocketMode", "0666"), 8))
        self.listener.listen()
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        service = self.name.removesuffix(".socket") + "@.service"
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            instance = Unit(service)
            process = instance.spawn(instance.get("ExecStart"), instance.environment(), connection)
            connection.close()
            threading.Thread(target=process.wait, daemon=True).start()


class Unit(Settings):
    def __init__(self, name):
        super().__init__(name, "[Service]")
        self.name = name
        self.process = None
        self.guessed = None  # the main process of one that forks and names no file for its number
        self.is_active = False  # of one that has no process
        self.lock = threading.Lock()

    def pid(self):
        if self.get("Type") == "oneshot":
            return os.getpid() if self.is_active else None
        if self.process is not None:
            return self.process.pid if self.process.poll() is None else None
        try:
            pid = int(pathlib.Path(self.get("PIDFile")).read_text()) if self.get("PIDFile") else self.guessed
            return pid if pid is not None and is_alive(pid) else None
        except (OSError, ValueError):
            return None

    def command(self, line, environment):
        argv = []
        stripped = line.lstrip("-@!+:")
        has_all_rights = "+" in line[:len(line) - len(stripped)]
        for word in shlex.split(stripped):
            if word == "$MAINPID":
                argv.append(str(self.pid()))
            elif re.fullmatch(r"\$\w+", word):
                argv += environment.get(word[1:], "").split()
            else:
                argv.append(re.sub(r"\$\{(\w+)\}", lambda match: environment.get(match[1], ""), word))
        user = self.get("User")
        if not user or has_all_rights:
            return argv
        account = pwd.getpwnam(user)
        group = grp.getgrnam(self.get("Group", grp.getgrgid(account.pw_gid).gr_name))
        groups = {group.gr_name, *self.words("SupplementaryGroups")}
        groups |= {other.gr_name for other in grp.getgrall() if user in other.gr_mem}
        numbers = ",".join(str(grp.getgrnam(name).gr_gid) for name in sorted(groups))
        return ["setpriv", "--reuid", user, "--regid", group.gr_name, "--groups", numbers, "--no-new-privs", "--inh-caps=-all",
                "--", *argv]

    def environment(self):
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8",
                       "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=" + BUS, "INVOCATION_ID": uuid.uuid4().hex}
        for line in self.settings.get("Environment", []):
            environment |= dict(word.split("=", 1) for word in shlex.split(line))
        environment |= self.folders("StateDirectory", "/var/lib", "STATE_DIRECTORY")
        environment |= self.folders("RuntimeDirectory", "/run", "RUNTIME_DIRECTORY")
        credentials = pathlib.Path("/run/credentials", self.name)
        for word in self.words("LoadCredential"):
            credentials.mkdir(parents=True, exist_ok=True)
            name, path = word.split(":")
            (credentials / name).write_bytes(pathlib.Path(path).read_bytes())
            environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        return environment

    def folders(self, key, above, variable):
        folders = [f"{above}/{name}" for name in self.words(key)]
        for folder in folders:
            path = pathlib.Path(folder)
            path.mkdir(exist_ok=True)
            path.chmod(int(self.get(key + "Mode", "0755"), 8))
            account = pwd.getpwnam(self.get("User", "root"))
            if path.stat().st_uid != account.pw_uid:
                for each in [path, *path.rglob("*")]:
                    os.chown(each, account.pw_uid, account.pw_gid, follow_symlinks=False)
        return {variable: ":".join(folders)} if folders else {}

    def spawn(self, line, environment, standard_input=subprocess.DEVNULL):
        log = open(f"/run/{self.name}.log", "ab")
        umask = int(self.get("UMask", "0022"), 8)
        return subprocess.Popen(self.command(line, environment), env=environment, stdin=standard_input, stdout=log, stderr=log, cwd="/",
                                start_new_session=True, umask=umask)

    def run(self, key, environment):
        for line in self.settings.get(key, []):
            if self.spawn(line, environment).wait(TIMEOUT) != 0 and not line.startswith("-"):
                raise Failed(f"Job for {self.name} failed: {line}\n" + self.last_words())

    def last_words(self):
        return "\n".join(pathlib.Path(f"/run/{self.name}.log").read_text(errors="replace").splitlines()[-5:])

    def until(self, ready):
        end = time.monotonic() + TIMEOUT
        while not ready():
            if time.monotonic() > end or (self.process is not None and self.process.poll() is not None):
                raise Failed(f"Job for {self.name} failed: it did not get ready\n" + self.last_words())
            time.sleep(0.02)

    def start(self):
        if self.pid() is not None:
            return
        environment = self.environment()
        self.run("ExecStartPre", environment)
        kind = self.get("Type", "simple").removesuffix("-reload")
        if kind == "forking":
            self.process = None
            before = children()
            self.run("ExecStart", environment)
            self.guessed = max(children() - before, default=None)
            self.until(lambda: self.pid() is not None)
            return
        if kind == "oneshot":
            self.run("ExecStart", environment)
            self.is_active = self.get("RemainAfterExit") in ("yes", "true")
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            if kind == "notify":
                path = f"/run/{self.name}.notify"
                pathlib.Path(path).unlink(missing_ok=True)
                notices.bind(path)
                os.chmod(path, 0o666)
                notices.settimeout(0.02)
                environment["NOTIFY_SOCKET"] = path
            self.process = self.spawn(self.get("ExecStart"), environment)
            if kind == "notify":
                self.until(lambda: is_ready(notices))

    def stop(self):
        pid = self.pid()
        self.is_active = False
        if pid is None or pid == os.getpid():
            return
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + TIMEOUT
        while self.pid() is not None and time.monotonic() < end:
            time.sleep(0.02)
        if self.pid() is not None:
            os.kill(pid, signal.SIGKILL)
            raise Failed(f"{self.name} did not end")

    def reload(self):
        if self.pid() is None:
            raise Failed(f"{self.name} is not active, cannot reload.")
        if not self.settings.get("ExecReload"):
            raise Failed(f"Failed to reload {self.name}: Job type reload is not applicable for unit {self.name}.")
        self.run("ExecReload", self.environment())

    def do(self, verb):
        with self.lock:
            if verb.startswith("try-") and self.pid() is None:
                return
            if verb == "try-restart":
                verb = "restart"
            if verb in ("reload-or-restart", "try-reload-or-restart"):
                verb = "reload" if self.pid() is not None and self.settings.get("ExecReload") else "restart"
            if verb in ("stop", "restart"):
                self.stop()
            if verb in ("start", "restart"):
                self.start()
            if verb == "reload":
                self.reload()


def children():
    """What was started here, daemons that their parents have left included: this process takes them over (PR_SET_CHILD_SUBREAPER)."""
    return {int(word) for task in pathlib.Path("/proc/self/task").iterdir() for word in (task / "children").read_text().split()}


def is_alive(pid):
    return "\nState:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text()


def is_ready(notices):
    try:
        return b"READY=1" in notices.recv(4096).split(b"\n")
    except TimeoutError:
        return False


class Manager:
    def __init__(self, systemctl):
        self.systemctl = systemctl
        self.units = {}
        self.lock = threading.Lock()

    def unit(self, name):
        name = name if "." in name else name + ".service"
        with self.lock:
            if name not in self.units:
                self.units[name] = Socket(name) if name.endswith(".socket") else Unit(name)
            return self.units[name]

    def forget_stopped(self):
        with self.lock:
            self.units = {name: unit for name, unit in self.units.items() if unit.pid() is not None}

    def answer(self, arguments, uid):
        options = {word for word in arguments if word.startswith("-")}
        verb, *names = [word for word in arguments if word not in options]
        if verb == "daemon-reload":
            self.forget_stopped()
            return ""
        if verb in ("enable", "disable"):
            done = subprocess.run([self.systemctl, "--root=/", "--quiet", verb, *names], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Failed(done.stderr, done.returncode)
            if "--now" not in options:
                return ""
            verb = "start" if verb == "enable" else "stop"
        if verb not in VERBS:
            raise Failed(f"Unknown command verb {verb}.")
        for unit in [self.unit(name) for name in names]:
            if verb == "is-active":
                if unit.pid() is None:
                    raise Failed("inactive", 3)
                continue
            if uid != 0:
                raise Failed(f"Failed to {verb} {unit.name}: Access denied", 4)
            unit.do(verb)
            for other in self.reloaded_with(unit) if "reload" in verb else []:
                other.do("reload")
        return ""

    def reloaded_with(self, unit):
        with self.lock:
            return [each for each in self.units.values() if unit.name in each.words("ReloadPropagatedFrom") and each.pid() is not None]


def serve(connection, manager):
    with connection:
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        arguments = json.loads(connection.makefile().readline())
        try:
            answer = {"status": 0, "text": manager.answer(arguments, uid)}
        except Failed as failure:
            answer = {"status": failure.status, "text": str(failure)}
        except Exception as error:  # told to who asked, and not only to the log
            answer = {"status": 1, "text": f"service_manager: {error!r}"}
        try:
            connection.sendall(json.dumps(answer).encode() + b"\n")
        except BrokenPipeError:
            pass


def main_of_manager(systemctl, bus):
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    manager = Manager(systemctl)
    # What it is asked over D-Bus it asks here, by the name systemctl.
    with subprocess.Popen([bus, BUS, "/run/service_manager.calls", "--by", "systemctl"], stdin=subprocess.DEVNULL):
        listen(manager)


def listen(manager):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(SOCKET)
        os.chmod(SOCKET, 0o666)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, manager), daemon=True).start()


def main_of_systemctl(arguments):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(SOCKET)
        connection.sendall(json.dumps(arguments).encode() + b"\n")
        answer = json.loads(connection.makefile().readline())
    if answer["text"]:
        print(answer["text"], file=sys.stderr)
    sys.exit(answer["status"])


if os.path.basename(sys.argv[0]) == "systemctl":
    main_of_systemctl(sys.argv[1:])
main_of_manager(*sys.argv[1:])
