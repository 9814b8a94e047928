#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A CA offers chains to three roots: the one is taken that a certificate prefers, by its root, its intermediate or a fingerprint, over
# what the CA's section prefers; and where none fits, the first, with a sentence about those that there are.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test" LAB_ALTERNATE_ROOTS=2 LAB_CHAIN_LENGTH=2
management=${LAB_ACME_DIRECTORY%:*}:15000
offered() { curl -sSf --cacert "$LAB_CA_BUNDLE" "$management/$1"; } # offered roots/1
root_of() { openssl x509 -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= //p'; }
roots=("$(offered roots/0 | root_of)" "$(offered roots/1 | root_of)" "$(offered roots/2 | root_of)")
fingerprint=$(offered intermediates/2 | openssl x509 -noout -fingerprint -sha256 | cut -d= -f2)
top() { # top NAME: the issuer of the last certificate of its chain
  csplit -s -z -f "$WORK/part." "$STATE/live/$1/fullchain.pem" '/BEGIN CERTIFICATE/' '{*}'
  openssl x509 -noout -issuer -nameopt multiline -in "$(find "$WORK" -name 'part.*' | sort | tail -n 1)" | sed -n 's/^ *commonName *= //p'
  rm "$WORK"/part.*
}

write_config <<TOML
$(primary_provider)
$(certificate of_ca a.example.test)
$(certificate own b.example.test)
preferred_chain = "${roots[2]}"
$(certificate by_fingerprint c.example.test)
preferred_chain = "sha256:$fingerprint"
$(certificate by_none d.example.test)
preferred_chain = "Nobody Root X9"
TOML
sed -i "s/^\[ca.lab\]/&\npreferred_chain = \"${roots[1]}\"/" "$CONFIG"
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_equal "what the CA's section prefers" "$(top of_ca)" "${roots[1]}"
expect_equal "what the certificate prefers" "$(top own)" "${roots[2]}"
expect_equal "the chain of the fingerprint" "$(top by_fingerprint)" "${roots[2]}"
expect_equal "where none fits" "$(top by_none)" "${roots[0]}"
expect_equal "sentences about that" "$(grep -c 'offers no chain of "Nobody Root X9"' <<<"$OUTPUT")" 1
for root in "${roots[@]}"; do expect_match "a root that it names" "$OUTPUT" "offers no chain of .*from \"$root\""; done
expect_issued own b.example.test
