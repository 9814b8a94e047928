#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# More values are wanted at one name than the server takes: BIND answers SERVFAIL to the whole update. Whoever shares the zone gets a certificate,
# and so do those whose values fit without the others.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES=example.test
lab stop primary
sed -i 's|^options {|options {\n  max-records-per-type 10;|' "$WORK/lab/primary/named.conf"
lab start primary
expect_eventually "the primary is back" 10 is_the_same example.test
names=() update='zone example.test'
for i in {1..12}; do
  names+=("h$i.example.test")
  update+=$'\n'"update add _acme-challenge.h$i.example.test 300 CNAME shared.acme-dlg.test."
done
lab nsupdate <<<"$update"$'\nupdate add _acme-challenge.lone.example.test 300 CNAME lone.acme-dlg.test.\nsend'
expect_eventually "the aliases are everywhere" 10 is_the_same example.test
write_config <<TOML
$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test acme-dlg.test)
$(certificate one "${names[@]:0:6}")
$(certificate two "${names[@]:6}")
$(certificate lone lone.example.test)
TOML
acmed_once
expect_issued lone lone.example.test
if [[ $STATUS != 0 ]]; then
  expect_equal "certificates that failed" "$(grep -c '^failed' <<<"$OUTPUT")" 1
  expect_match "the sentence" "$(grep '^failed' <<<"$OUTPUT")" 'max-records-per-type'
fi
acmed_once
expect_equal "exit status of a second run" "$STATUS" 0
expect_issued one "${names[@]:0:6}"
expect_issued two "${names[@]:6}"
expect_eventually "no TXT left" 15 no_txt_on "$LAB_PRIMARY" shared.acme-dlg.test
