#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A post-hook that never ends is ended with all that it started; the files that services read are the old ones again.
# shellcheck source=../failure.sh
source "$(dirname "$0")/../failure.sh"

start_failure_lab
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
[ -e "$1/hang" ] || exit 0
sleep 600 &
echo "$$ $!" >"$1/hook.pids"
wait
HOOK
chmod 755 "$WORK/hook"
mkdir "$WORK/tls"
VICTIM_EXTRA="
  [[certificate.deploy]]
  name = \"web\"
  directory = \"$WORK/tls\"
  files = { fullchain = \"site.pem\", privkey = \"site.key\" }
  post_hook = [\"$WORK/hook\", \"$WORK\"]
  timeout = \"1s\""
issue_both
before=$(sha256sum "$WORK"/tls/*)
touch "$WORK/hang"
make_due
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$(grep "^failed: victim:" <<<"$OUTPUT" || true)" 'hook.*(1 s|time)|did not end'
expect_at_most "milliseconds" "$ELAPSED" $((9000 + SLOW_BUILD_MS))
expect_equal "the target has its old files again" "$(sha256sum "$WORK"/tls/*)" "$before"
read -ra pids <"$WORK/hook.pids"
for pid in "${pids[@]}"; do
  expect_equal "process $pid of the hook" "$(ps -o stat= -p "$pid" | grep -v '^Z' || echo ended)" ended
done
expect_healthy
expect_no_txt example.test

rm "$WORK/hang"
lab mark
acmed_once
expect_equal "exit status after the trouble" "$STATUS" 0
expect_success "the target has the live certificate" cmp "$WORK/tls/site.pem" "$STATE/live/victim/fullchain.pem"
