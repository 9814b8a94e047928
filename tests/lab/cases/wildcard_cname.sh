#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A wildcard CNAME makes an alias of every challenge name: to a place where no provider is, or to nowhere at all. A value at the name itself
# switches it off; a CNAME of the name's own does not give way, and is told.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

alias_all() { # alias_all TARGET: *.example.test
  lab nsupdate <<<"zone example.test
update delete *.example.test
update add *.example.test 300 CNAME $1
send"
}

start_lab LAB_ZONES=example.test
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
for target in www.island.test. nowhere.invalid.; do
  alias_all "$target"
  rm -rf "$STATE"
  acmed_once
  expect_equal "exit status" "$STATUS" 0
  expect_issued wild example.test '*.example.test'
  expect_match "what it says" "$OUTPUT" '_acme-challenge.example.test is an alias by a wildcard CNAME'
  expect_equal "what is left at the name" "$(txt "$LAB_PRIMARY" _acme-challenge.example.test)" "$target"
done

lab nsupdate <<<$'zone example.test\nupdate add _acme-challenge.example.test 300 CNAME www.island.test.\nsend'
rm -rf "$STATE"
acmed_once
expect_equal "exit status with a CNAME of the name's own" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'no provider serves www.island.test, to which _acme-challenge.example.test is an alias \(CNAME\): add its zone island.test'
