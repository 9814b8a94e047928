#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Challenge names that are aliases into another zone, by one step and by two; and a host below a zone cut.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test sub.example.test"
# shellcheck disable=SC2086
write_config <<TOML
$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" $LAB_ZONES cname.test acme-dlg.test)
$(certificate alias cname.test '*.cname.test' www.cname.test)
$(certificate chain chain.cname.test)
$(certificate cut host.sub.example.test)
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued alias cname.test '*.cname.test' www.cname.test
expect_issued chain chain.cname.test
expect_issued cut host.sub.example.test
for name in _acme-challenge.{,www.,chain.}cname.test; do
  expect_eventually "no TXT left at $name" 15 no_txt_on "$LAB_PRIMARY" "$name.acme-dlg.test"
done
expect_no_txt host.sub.example.test
