#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `acmed --check --dns` tells what a proof by the DNS depends on, and changes nothing: neither in the DNS nor in the state directory.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

look() { # look [NAME...]: sets STATUS and OUTPUT
  STATUS=0
  "$ACMED" --config "$CONFIG" --check --dns "$@" >"$WORK/look.out" 2>&1 || STATUS=$?
  OUTPUT=$(<"$WORK/look.out")
  sed 's/^/  | /' "$WORK/look.out"
}

start_lab LAB_ZONES=example.test
write_config <<TOML
$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test cname.test acme-dlg.test)
$(certificate web example.test '*.example.test')
$(certificate alias cname.test)
TOML
lab mark
look
expect_equal "exit status" "$STATUS" 0
expect_match "the provider's zone" "$OUTPUT" '^  ok +provider primary would write into its zone example\.test$'
expect_match "the parent's delegation" "$OUTPUT" '^  ok +example\.test is delegated to ns1\.lab-dns\.test, ns2\.lab-dns\.test, ns3\.lab-dns\.test$'
expect_match "a server" "$OUTPUT" '^  ok +ns2\.lab-dns\.test \(127\.0\.0\.2\): 0 TXT values, serial [0-9]+$'
expect_match "an alias" "$OUTPUT" '^  ok +_acme-challenge\.cname\.test -> _acme-challenge\.cname\.test\.acme-dlg\.test is in the zone acme-dlg\.test'
expect_match "CAA" "$OUTPUT" '^  ok +no CAA record restricts who may issue for example\.test$'
expect_equal "UPDATE messages" "$(count primary UPDATE)" 0
expect_success "the state directory is as before" test ! -e "$STATE"
look nobody
expect_equal "exit status for an unknown certificate" "$STATUS" 1
lab nsupdate <<<$'zone example.test\nupdate add example.test 60 CAA 0 issue "other.test"\nsend'
lab stop sec1
look web
expect_equal "exit status with a dead server" "$STATUS" 1
expect_match "the dead server" "$OUTPUT" '^  wrong +ns2\.lab-dns\.test \(127\.0\.0\.2\): .*exclude'
expect_match "CAA" "$OUTPUT" '^  (wrong|warning) +CAA \(issue\) at example\.test admits other\.test'
