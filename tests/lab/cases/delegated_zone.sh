#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Challenge names that somebody else keeps: one is a zone of its own (NS), one an alias into a zone, each with a provider and a key that may
# change nothing else; the provider of the domain itself is not asked.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test _acme-challenge.example.test"
write_config <<TOML
$(TSIG_NAME=dead-key provider parent "$LAB_PRIMARY" "$WORK/lab/dead-key.key" example.test cname.test)
$(provider challenges "$LAB_PRIMARY" "$LAB_TSIG_FILE" _acme-challenge.example.test)
$(provider delegated "$LAB_PRIMARY" "$WORK/lab/dlg-key.key" acme-dlg.test)
$(certificate zone example.test '*.example.test')
$(certificate alias cname.test '*.cname.test')
$(certificate both '*.example.test' '*.cname.test')
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued zone example.test '*.example.test'
expect_issued alias cname.test '*.cname.test'
expect_issued both '*.example.test' '*.cname.test'
expect_no_txt example.test
expect_eventually "no TXT left in the zone of aliases" 15 no_txt_on "$LAB_PRIMARY" _acme-challenge.cname.test.acme-dlg.test
