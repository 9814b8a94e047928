#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The configuration is read anew while a hook runs: the hook comes to its end, and the new configuration follows.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
echo "begin $$" >>"$1/runs"
while [ ! -e "$1/go" ]; do sleep 0.1; done
echo "end $$" >>"$1/runs"
HOOK
chmod 755 "$WORK/hook"
write_config <<TOML
$(primary_provider)
$(certificate one example.test)
  [[certificate.deploy]]
  name = "slow"
  post_hook = ["$WORK/hook", "$WORK"]
TOML
start_daemon
expect_eventually "the hook runs" 20 test -e "$WORK/runs"
certificate two www.example.test >>"$CONFIG"
kill -HUP "$DAEMON"
expect_eventually "the reload is heard of" 10 daemon_said 'once what is being deployed has ended'
touch "$WORK/go"
expect_eventually "the new certificate is issued" 20 test -e "$STATE/live/two/cert.pem"
expect_match "runs of the hook" "$(paste -sd ' ' "$WORK/runs")" '^begin ([0-9]+) end \1$'
expect_success "the target has it" daemon_said 'one: deployed to slow'
stop_daemon
