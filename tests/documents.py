#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads our documents for the checks: the commands that they tell somebody to type, and the files that they show.

usage: documents.py typed DOCUMENT              commands that are typed as they stand, one a line
       documents.py block DOCUMENT LANGUAGE N   the N-th fenced block of that language, without its indentation
       documents.py blocks                      DOCUMENT LANGUAGE N of each fenced block of all documents
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "packaging/examples/README.md", "tests/lab/README.md", "providers/README.md",
             *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]
# Programs of others that documents name, and what of theirs is used as a unit.
FOREIGN = set("a2enmod adduser apt apt-get awk bash certbot cmake ctest curl dig docker env eval find groupdel install journalctl ls mkdir mount nft openssl "
              "p11tool pkcs11-tool postconf rm sh ss sudo systemctl systemd-creds systemd-sysusers systemd-tmpfiles tee tpm2_create tpm2_evictcontrol tpm2_getcap tsig-keygen umask userdel "
              "usermod".split())


def lines_of(document):
    """(number, command, whether somebody types it as it stands) of each: an indented line, one of a fenced block with "sh", or a word in
    backticks that begins with a program, which only tells of it."""
    language, after_blank = None, False
    for number, line in enumerate((ROOT / document).read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r" *```(\w*)", line)
        if fence:
            language = None if language is not None else fence[1]
            continue
        if language is not None:
            if language in ("sh", "bash"):
                yield number, line.strip(), True
            continue
        indented = re.match(r"(?: {4,6}| {7})(?=\S)(.*)", line)
        if indented and after_blank:
            if is_command(indented[1]):
                yield number, indented[1], True
        else:
            after_blank = not line.strip()
            for word in re.findall(r"`([^`]+)`", line):
                if " " in word and is_command(word):
                    yield number, word, False


def is_command(text):
    first = re.split(r"\s", text)[0].removeprefix("./")
    return first in FOREIGN | {"acmed", "acmectl", ".", "eval"} or re.match(r"(tests|packaging)/", first) is not None or re.match(r"[A-Z_]+=\S", first) is not None


def blocks_of(document):
    """(language, text) of each fenced block."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for indent, language, body in re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.M | re.S):
        yield language, re.sub(f"^{indent}", "", body, flags=re.M)


def main():
    match sys.argv[1:]:
        case ["typed", document]:
            for _, line, is_typed in lines_of(document):
                if is_typed:
                    print(line)
        case ["block", document, language, number]:
            of_language = [text for each, text in blocks_of(document) if each == language]
            if len(of_language) < int(number):
                sys.exit(f"{document} shows {len(of_language)} files as {language}, not {number}")
            print(of_language[int(number) - 1], end="")
        case ["blocks"]:
            for document in DOCUMENTS:
                count = {}
                for language, _ in blocks_of(document):
                    count[language] = count.get(language, 0) + 1
                    print(document, language or "-", count[language])
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
