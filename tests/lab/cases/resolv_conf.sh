#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A daemon starts before the network has told of its resolver: /etc/resolv.conf is empty. When the file has been written, the next try
# uses what stands there, without a reload.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES=example.test
: >"$WORK/resolv.conf"
mount --bind "$WORK/resolv.conf" "$(readlink -f /etc/resolv.conf)"
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
sed -i '/^resolvers = /d' "$CONFIG"
start_daemon
expect_eventually "the first try fails for want of a resolver" 30 daemon_said 'no resolver could look up .*127\.0\.0\.1: '
echo "nameserver $LAB_RESOLVER" >"$WORK/resolv.conf"
expect_eventually "the next one issues" 100 test -e "$STATE/live/wild/cert.pem"
stop_daemon
expect_match "it tells of the change" "$(<"$WORK/daemon.out")" "/etc/resolv.conf has changed: the resolvers are $LAB_RESOLVER"
umount "$(readlink -f /etc/resolv.conf)"
expect_issued wild example.test '*.example.test'
