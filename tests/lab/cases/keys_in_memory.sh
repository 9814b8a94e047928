#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A daemon at rest has no private key in its memory, be it right after an issuance: neither the certificate's nor the account's, in no form.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

copies_of_keys() { # as root may read them: a line for each key and form
  python3 - "$DAEMON" "$STATE" "$SLOW_BUILD_MS" <<'PYTHON'
import base64, glob, re, sys

pid, state, slow = sys.argv[1:]
forms = {}
for what, pattern in (("certificate", "/live/*/privkey.pem"), ("account", "/accounts/*/key.pem")):
    lines = open(glob.glob(state + pattern)[0]).read().split("\n")
    body = [line for line in lines if line and not line.startswith("-----")]
    number = base64.b64decode("".join(body))[36:68]  # of PKCS#8 with a P-256 key, RFC 5915
    forms[f"PEM of the {what} key"] = body[0][-30:].encode()
    if slow == "0":  # a sanitizer keeps the stacks of calls that have ended
        forms[f"number of the {what} key"] = number
        forms[f"number of the {what} key, as OpenSSL keeps it"] = number[::-1]
counts = dict.fromkeys(forms, 0)
looked_at = 0
for line in open(f"/proc/{pid}/maps"):
    begin, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
    begin, end = int(begin, 16), int(end, 16)
    if not rights.startswith("rw") or "[v" in line or end - begin > 1 << 28:  # larger ones are the sanitizers' own
        continue
    try:
        with open(f"/proc/{pid}/mem", "rb") as memory:
            memory.seek(begin)
            octets = memory.read(end - begin)
    except OSError:
        continue
    looked_at += len(octets)
    for form, text in forms.items():
        counts[form] += octets.count(text)
for form, count in counts.items():
    print(f"{form}: {count}")
print(f"looked at {looked_at >> 10} KiB" if looked_at > 1 << 20 else "nothing to look at")
PYTHON
}
no_copies() { ! copies_of_keys | grep -qv -e ': 0$' -e '^looked at'; }

start_lab LAB_ZONES=example.test
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
start_daemon
expect_eventually "the certificate is live" 20 test -e "$STATE/live/wild/cert.pem"
eventually 10 no_copies || true
expect_equal "what is found" "$(copies_of_keys | grep -v '^looked at' | grep -v ': 0$' || true)" ""
expect_match "how far was looked" "$(copies_of_keys)" 'looked at [0-9]+ KiB'
stop_daemon
expect_equal "exit status" "$STATUS" 0
