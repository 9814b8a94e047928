#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Another program's TXT value at the same name is there before, during and after: only our own values come and go. Nothing
# secret is told, not even with --verbose, and no file that others can read holds a key.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

has_foreign() { txt "$LAB_PRIMARY" _acme-challenge.example.test | grep -q somebody-elses; }

start_lab LAB_ZONES=example.test
lab nsupdate <<<$'zone example.test\nupdate add _acme-challenge.example.test 300 TXT somebody-elses\nsend'
expect_success "the foreign value is there" has_foreign
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
ACMED_ARGUMENTS=(--verbose)
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued wild example.test '*.example.test'
expect_equal "what is left at the name" "$(txt "$LAB_PRIMARY" _acme-challenge.example.test)" '"somebody-elses"'

secret=$(sed -n 's/.*secret "\(.*\)".*/\1/p' "$LAB_TSIG_FILE")
expect_different "the TSIG secret is known to this test" "$secret" ""
expect_equal "lines of output with the TSIG secret" "$(grep -cF -- "$secret" "$WORK/acmed.out" || true)" 0
expect_equal "lines of output with a private key" "$(grep -c 'PRIVATE KEY' "$WORK/acmed.out" || true)" 0
expect_equal "files for everybody that hold a key or secret" \
  "$(find "$STATE" -type f -perm /007 -exec grep -lE -- "PRIVATE KEY|$secret" {} + || true)" ""
expect_equal "private keys that were found at all" "$(find "$STATE" -name privkey.pem | wc -l)" 1
