#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No credentials at all: challenge names lead to acmed by NS, by CNAME and by DNAME, a name and its wildcard together; and twenty
# names with their wildcards lead to one TXT name, for two certificates at once, so that an answer needs TCP.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

HERE=127.0.0.20

start_lab LAB_ZONES="example.test z0.test z1.test z2.test" LAB_DELEGATED="acme.test=$HERE"
shared=() update='zone example.test'
hosts=(h{0..19})
[[ $LAB_LONG_ANSWERS == 1 ]] || hosts=(h0 h1) # all that an older Pebble can read
for host in "${hosts[@]}"; do
  shared+=("$host.example.test" "*.$host.example.test")
  update+=$'\n'"update add _acme-challenge.$host.example.test 300 CNAME shared.acme.test."
done
lab nsupdate <<<"$update"$'\nsend'
part=$((${#shared[@]} * 3 / 4)) # so that they share half of the names
lab nsupdate <<<"zone z0.test
update add acmed.z0.test 300 A $HERE
update add _acme-challenge.z0.test 300 NS acmed.z0.test.
send
zone z1.test
update add _acme-challenge.z1.test 300 CNAME z1.test.acme.test.
update add _acme-challenge.www.z1.test 300 CNAME hop.z1.test.
update add hop.z1.test 300 CNAME www.z1.test.acme.test.
send
zone z2.test
update add _acme-challenge.z2.test 300 DNAME z2.test.acme.test.
update add _acme-challenge.www.z2.test 300 CNAME www._acme-challenge.z2.test.
send"

responder() { # responder DELEGATED...
  cat <<TOML
[provider.here]
type = "responder"
listen = ["$HERE"]
zones = ["acme.test"]
delegated = [$(quoted "$@")]
responses_per_second = 0

TOML
}

write_config <<TOML
[provider.ns]
type = "responder"
listen = ["127.0.0.21"]
zones = ["_acme-challenge.z0.test"]
name_server = "acmed.z0.test"

$(responder example.test z1.test z2.test)
$(certificate ns z0.test '*.z0.test')
$(certificate cname z1.test '*.z1.test' www.z1.test)
$(certificate dname www.z2.test)
$(certificate one "${shared[@]:0:part}")
$(certificate two "${shared[@]: -part}")
TOML
lab nsupdate <<<$'zone z0.test\nupdate delete acmed.z0.test A\nupdate add acmed.z0.test 300 A 127.0.0.21\nsend'
plan=$("$ACMED" --config "$CONFIG" --check)
expect_match "what it asks for" "$plan" '^  needs    _acme-challenge\.z0\.test\. NS acmed\.z0\.test\.$'
expect_match "what it asks for" "$plan" '^  needs    _acme-challenge\.z1\.test\. CNAME z1\.test\.acme\.test\.$'
lab mark
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued ns z0.test '*.z0.test'
expect_issued cname z1.test '*.z1.test' www.z1.test
expect_issued dname www.z2.test
expect_issued one "${shared[@]:0:part}"
expect_issued two "${shared[@]: -part}"
expect_equal "UPDATE messages" "$(count primary UPDATE)" 0

echo "a name that does not lead here:"
write_config <<TOML
$(responder z2.test)
$(certificate astray z2.test)
TOML
lab nsupdate <<<$'zone z2.test\nupdate delete _acme-challenge.z2.test DNAME\nsend'
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" \
  'astray: .*provider here: _acme-challenge.z2.test does not lead here: .* add the record _acme-challenge.z2.test. CNAME z2.test.acme.test.'
