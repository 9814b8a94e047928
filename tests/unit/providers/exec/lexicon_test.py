#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests providers/exec/acmed-lexicon with a stand-in for lexicon, whose operators treat several values at one name as real ones do."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PLUGIN = pathlib.Path(__file__).resolve().parents[4] / "providers/exec/acmed-lexicon"
NAME = "_acme-challenge.example.test"

CONFIG = """
class ConfigResolver:
    def with_env(self): return self
    def with_dict(self, options): self.options = options; return self
"""
# Its records are in a file, since each call of the plug-in makes a provider of its own.
PROVIDER = """
import json, os, sys
class AuthenticationError(Exception): pass
class HTTPError(Exception): pass
class Response:
    def __init__(self, status, headers): self.status_code, self.headers = status, headers
class Provider:
    def __init__(self, config):
        self.domain, self.kind = config.options["domain"], os.environ["KIND"]
        print("providers print what they like")
    def authenticate(self):
        if self.kind == "denied": raise AuthenticationError("bad token")
        if self.kind == "busy":
            error = HTTPError("slowly"); error.response = Response(429, {"Retry-After": "7"}); raise error
    def read(self): return json.load(open(os.environ["RECORDS"]))
    def write(self, records): json.dump(records, open(os.environ["RECORDS"], "w"))
    def list_records(self, rtype=None, name=None, content=None):
        assert rtype == "TXT" and content is None
        quote = '"%s"' if self.kind == "quoting" else "%s"
        return [{"name": n, "type": "TXT", "content": quote % c} for n, c in self.read() if n == name]
    def create_record(self, rtype, name, content):
        records = self.read()
        if self.kind == "mute": return True
        if self.kind == "failing" and "bad" in name: raise RuntimeError("no such name")
        assert [name, content] not in records, "added twice"
        if self.kind == "single": records = [r for r in records if r[0] != name]
        if self.kind == "forgetful" and not os.path.exists(os.environ["RECORDS"] + ".once"):
            open(os.environ["RECORDS"] + ".once", "w"); records = [r for r in records if r[0] != name]
        self.write(records + [[name, content]])
    def delete_record(self, identifier=None, rtype=None, name=None, content=None):
        assert identifier is None and rtype == "TXT"
        records = self.read()
        assert [name, content] in records, "removed twice"
        everything = self.kind == "sloppy"
        self.write([r for r in records if r[0] != name or not everything and r[1] != content])
"""


class Lexicon(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        root = pathlib.Path(self.folder.name)
        (root / "lexicon/providers").mkdir(parents=True)
        for file, text in {"__init__.py": "", "config.py": CONFIG, "providers/__init__.py": "", "providers/fake.py": PROVIDER,
                           "providers/needy.py": "import there_is_no_such_module"}.items():
            (root / "lexicon" / file).write_text(text)
        self.records = root / "records"
        self.put()

    def put(self, *values):
        self.records.write_text(json.dumps([[NAME, value] for value in values]))

    def values(self, name=NAME):
        return sorted(content for at, content in json.loads(self.records.read_text()) if at == name)

    def ask(self, kind, *requests, operator="fake"):
        environment = {"PATH": os.defpath, "PYTHONPATH": self.folder.name, "PYTHONDONTWRITEBYTECODE": "1", "LEXICON_PROVIDER": operator,
                       "KIND": kind, "RECORDS": str(self.records)}
        hello = {"method": "hello", "version": 1, "provider": "x", "zones": ["example.test"]}
        lines = "".join(json.dumps({"id": i, **request}) + "\n" for i, request in enumerate([hello, *requests]))
        done = subprocess.run([sys.executable, PLUGIN], input=lines, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([answer["id"] for answer in answers], list(range(len(requests) + 1)))
        return answers[-1]

    def change(self, kind, *changes):
        """Each change is "+VALUE" or "-VALUE", or such with a name."""
        listed = []
        for change in changes:
            value, name = change if isinstance(change, tuple) else (change, NAME)
            listed.append({"action": "add" if value[0] == "+" else "remove", "name": name, "value": value[1:], "ttl": 60})
        return self.ask(kind, {"method": "apply", "zone": "example.test", "changes": listed})

    def test_values_at_one_name_are_added_and_removed_one_by_one(self):
        for kind in ("good", "quoting"):
            with self.subTest(kind):
                self.put("foreign")
                for _ in range(2):
                    self.assertTrue(self.change(kind, "+one", "+two").get("ok"))
                    self.assertEqual(self.values(), ["foreign", "one", "two"])
                for _ in range(2):
                    self.assertTrue(self.change(kind, "-one").get("ok"))
                    self.assertEqual(self.values(), ["foreign", "two"])
                self.assertTrue(self.change(kind, "-two", "+three").get("ok"))
                self.assertEqual(self.values(), ["foreign", "three"])

    def test_a_value_that_went_away_with_another_is_put_back(self):
        self.put("foreign", "one", "two")
        self.assertTrue(self.change("sloppy", "-one").get("ok"))
        self.assertEqual(self.values(), ["foreign", "two"])
        self.assertTrue(self.change("forgetful", "+three").get("ok"))
        self.assertEqual(self.values(), ["foreign", "three", "two"])

    def test_an_operator_of_one_value_a_name_is_told(self):
        self.put()
        self.assertTrue(self.change("single", "+one").get("ok"))
        error = self.change("single", "+two")["error"]
        self.assertEqual((error["kind"], error["names"]), ("refused", [NAME]))
        self.assertIn("keeps one value at a name", error["message"])

    def test_a_change_that_was_not_made_is_no_success(self):
        self.assertEqual(self.change("mute", "+one")["error"]["kind"], "refused")

    def test_one_name_that_fails_does_not_keep_the_others_back(self):
        error = self.change("failing", ("+one", "bad.example.test"), "+two")["error"]
        self.assertEqual((error["kind"], error["names"]), ("retry", ["bad.example.test"]))
        self.assertEqual(self.values(), ["two"])

    def test_what_is_wrong_is_told_by_its_kind(self):
        self.assertEqual(self.change("denied", "+one")["error"]["kind"], "refused")
        self.assertEqual(self.ask("denied", {"method": "check"})["error"]["kind"], "refused")
        self.assertEqual(self.ask("good", {"method": "check"}), {"id": 1, "ok": True})
        busy = self.change("busy", "+one")["error"]
        self.assertEqual((busy["kind"], busy["retry_after"]), ("throttled", 7))
        self.assertEqual(self.ask("good", {"method": "zone", "name": NAME})["error"]["kind"], "unsupported")
        for operator, words in {"nobody": "knows no provider", "needy": "needs the Python module there_is_no_such_module", "": "is not set"}.items():
            with self.subTest(operator):
                error = self.ask("good", operator=operator)["error"]
                self.assertEqual(error["kind"], "refused")
                self.assertIn(words, error["message"])


if __name__ == "__main__":
    unittest.main()
