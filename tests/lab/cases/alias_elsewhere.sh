#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whoever keeps one zone may not have values written anywhere in another by an alias: into another provider's zone it leads where somebody declared
# it; within one provider's zones to names that have nothing but challenges; to a wildcard never.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z0.test"
lead_to() { # lead_to TARGET: where the alias of www.z0.test leads
  lab nsupdate <<<"zone z0.test
update delete _acme-challenge.www.z0.test
update add _acme-challenge.www.z0.test 5 CNAME $1.
send"
  expect_eventually "the alias is everywhere" 10 is_the_same z0.test
}
two_providers() { # two_providers [LINE]: of the one that keeps example.test
  provider customer "$LAB_PRIMARY" "$LAB_TSIG_FILE" z0.test
  provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test | sed "s|^zones.*|&\n${1-}|"
  certificate www www.z0.test
}
lab nsupdate <<<$'zone example.test\nupdate delete *.example.test\nupdate add *.example.test 5 A 192.0.2.9\nupdate add lb.example.test 5 A 192.0.2.8\nsend'

for target in shop.example.test '*.example.test' example.test _dmarc.example.test; do
  echo "--- another provider's: $target"
  lead_to "$target"
  write_config < <(two_providers)
  lab mark
  acmed_once
  expect_equal "exit status" "$STATUS" 1
  expect_match "the sentence" "$OUTPUT" '_acme-challenge\.www\.z0\.test is an alias \(CNAME\) of '
  expect_equal "UPDATE messages" "$(count primary UPDATE)" 0
done
for target in lb.example.test example.test; do
  echo "--- the same provider's: $target"
  lead_to "$target"
  write_config < <(primary_provider; certificate www www.z0.test)
  lab mark
  acmed_once
  expect_equal "exit status" "$STATUS" 1
  expect_match "the sentence" "$OUTPUT" 'add _acme-challenge\.www\.z0\.test to .delegated. of \[provider\.primary\]'
  expect_equal "UPDATE messages" "$(count primary UPDATE)" 0
done
echo "--- declared"
lead_to lb.example.test
write_config < <(two_providers 'delegated = ["_acme-challenge.www.z0.test"]')
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued www www.z0.test
expect_eventually "no TXT left" 15 no_txt_on "$LAB_PRIMARY" lb.example.test
