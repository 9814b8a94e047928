#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A post-hook that fails: the files that services read are the old ones again, and what it said is told.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
[ -e "$1/fail" ] || exit 0
echo "cannot reload: the cat is on the keyboard" >&2
exit 3
HOOK
chmod 755 "$WORK/hook"
mkdir "$WORK/tls"
VICTIM_EXTRA="
  [[certificate.deploy]]
  name = \"web\"
  directory = \"$WORK/tls\"
  files = { fullchain = \"site.pem\", privkey = \"site.key\" }
  post_hook = [\"$WORK/hook\", \"$WORK\"]
  timeout = \"10s\""
issue_both
before=$(sha256sum "$WORK"/tls/*)
touch "$WORK/fail"
make_due
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$(grep "^failed: victim:" <<<"$OUTPUT" || true)" 'hook.*3'
expect_match "what the hook said" "$OUTPUT" 'the cat is on the keyboard'
expect_equal "the target has its old files again" "$(sha256sum "$WORK"/tls/*)" "$before"
expect_healthy
expect_no_txt example.test

rm "$WORK/fail"
acmed_once
expect_equal "exit status after the trouble" "$STATUS" 0
expect_success "the target has the live certificate" cmp "$WORK/tls/site.pem" "$STATE/live/victim/fullchain.pem"

echo "--- hooks that cannot even start"
odd_hook() { # odd_hook WHAT HOOK REGEX
  VICTIM_EXTRA="
  [[certificate.deploy]]
  name = \"web\"
  post_hook = [\"$2\"]"
  failure_config
  acmed_once
  expect_equal "$1: exit status" "$STATUS" 1
  expect_match "$1" "$(grep "^failed: victim:" <<<"$OUTPUT" || true)" "$3"
}
printf '#!/bin/sh\r\nexit 0\r\n' >"$WORK/windows"
printf '#!/usr/bin/python2.4\n' >"$WORK/old"
mkdir "$WORK/noexec"
mount -t tmpfs -o noexec,mode=755 tmpfs "$WORK/noexec"
install "$WORK/hook" "$WORK/noexec/hook"
chmod 755 "$WORK/windows" "$WORK/old"
odd_hook "lines as on Windows" "$WORK/windows" "end as on Windows.*sed -i"
odd_hook "no interpreter" "$WORK/old" 'is run by /usr/bin/python2.4, which is not there'
odd_hook "a file system without programs" "$WORK/noexec/hook" 'mounted noexec: move it'
umount "$WORK/noexec"
