#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `server` is a secondary that passes updates on to its primary and does not have the key: it cannot answer a signed question for the zone.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"


start_lab LAB_ZONES=example.test
lab stop sec1
sed -i '/include ".*lab-key.key";/d' "$WORK/lab/sec1/named.conf"
sed -i 's|zone "example.test" { type secondary;|& allow-update-forwarding { any; };|' "$WORK/lab/sec1/named.conf"
lab start sec1
eventually 5 serves_zone example.test 127.0.0.2
write_config <<TOML
$(provider second 127.0.0.2 "$LAB_TSIG_FILE" example.test)
$(certificate wild example.test '*.example.test')
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued wild example.test '*.example.test'
expect_no_txt example.test
