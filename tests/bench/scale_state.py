#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a configuration and a state directory in which certificates are in place and fresh.

usage: scale_state.py COUNT FOLDER    makes FOLDER/acmed.toml and FOLDER/state
"""
import datetime
import json
import os
import subprocess
import sys

LINKS_OF_A_FILE = 10000  # ext4 has room for 65,000
DIRECTORY = "https://127.0.0.1:9/dir"


def stamp(days):
    return (datetime.datetime.utcnow() + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_pair(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/",
         "-addext", "subjectAltName=DNS:scale.test", "-days", "90", "-keyout", f"{folder}/privkey.pem",
         "-out", f"{folder}/cert.pem"], check=True, stderr=subprocess.DEVNULL)
    with open(f"{folder}/cert.pem") as cert, open(f"{folder}/privkey.pem") as key:
        leaf = cert.read()
        return {"privkey.pem": key.read(), "cert.pem": leaf, "chain.pem": leaf, "fullchain.pem": leaf + leaf}


def main():
    count, folder = int(sys.argv[1]), sys.argv[2]
    state = f"{folder}/state"
    for part in ("accounts", "certificates", "live", "originals"):
        os.makedirs(f"{state}/{part}")
    files = make_pair(folder)
    files["meta.json"] = json.dumps({"not_after": stamp(90), "serial": "01"})
    with open(f"{folder}/acmed.toml", "w") as config:
        config.write(f'state_directory = "{state}"\n[ca.none]\ndirectory = "{DIRECTORY}"\nterms_agreed = true\n'
                     '[provider.none]\ntype = "rfc2136"\nserver = "127.0.0.1"\nzones = ["scale.test"]\n')
        for number in range(count):
            name = f"c{number}"
            batch = number // LINKS_OF_A_FILE
            home = f"{state}/certificates/{name}"
            os.makedirs(f"{home}/0001")
            for file, content in files.items():
                original = f"{state}/originals/{batch}-{file}"
                if number % LINKS_OF_A_FILE == 0:
                    with open(original, "w") as out:
                        out.write(content)
                os.link(original, f"{home}/0001/{file}")
            with open(f"{home}/state.json", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
                json.dump({"version": 1, "issued": {
                    "generation": 1, "directory": DIRECTORY, "key_type": "ecdsa-p256",
                    "domains": [f"{name}.scale.test", f"*.{name}.scale.test"], "serial": f"{number:08x}",
                    "not_before": stamp(0), "not_after": stamp(90), "issued_at": stamp(0)}}, out)
            os.symlink(f"../certificates/{name}/0001", f"{state}/live/{name}")
            config.write(f'[[certificate]]\nname = "{name}"\n'
                         f'domains = ["{name}.scale.test", "*.{name}.scale.test"]\n')


main()
