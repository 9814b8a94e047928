#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The zone is frozen, as configuration management leaves it: BIND refuses each update, whatever the key may change. The sentence has the
# freeze among the causes, and what was refused is nothing that has to be removed: it is told once.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES=example.test
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
control_primary() { rndc -s "$LAB_PRIMARY" -p 953 -k "$WORK/lab/rndc-key.key" "$@"; }
control_primary freeze example.test
acmed_once
expect_equal "exit status while frozen" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'frozen \(rndc thaw example\.test\)'
expect_equal "how often it is told" "$(grep -c 'rndc thaw' <<<"$OUTPUT")" 2 # when it happened, and at the end
expect_equal "what else it says of the values" "$(grep -c 'gone from the DNS' <<<"$OUTPUT" || true)" 0
control_primary thaw example.test
acmed_once
expect_equal "exit status when thawed" "$STATUS" 0
expect_issued wild example.test '*.example.test'
