#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed as a name server, asked by dig and by a resolver: every kind of answer, while two values stand at one name.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

HERE=127.0.0.20

status_of() { # status_of DIG_ARGUMENT...: RCODE, flags but QR, and the numbers of records
  dig +time=1 +tries=1 +norecurse "@$HERE" "$@" | awk '
    /->>HEADER<<-/ { sub(",", "", $6); rcode = $6 }
    /^;; flags:/ { sub(/^;; flags: qr ?/, ""); gsub(/;| QUERY: 1,|ANSWER: |AUTHORITY: |ADDITIONAL: |,/, ""); print rcode, $0 }'
}
expect_status() { expect_equal "dig ${*:2}" "$(status_of "${@:2}" | tr -s ' ')" "$1"; } # expect_status STATUS DIG_ARGUMENT...
answer_to() { dig +time=1 +tries=1 +norecurse +noall +answer "@$HERE" "$@" | tr -s '\t ' ' '; }

start_lab LAB_ZONES=example.test LAB_DELEGATED="acme.test=$HERE"
lab nsupdate <<<$'zone example.test\nupdate add _acme-challenge.example.test 300 CNAME a.b.acme.test.\nsend'
# A server that does not answer keeps the values where they are for a while.
write_config <<TOML
[provider.here]
type = "responder"
listen = ["$HERE"]
zones = ["acme.test"]
delegated = ["example.test"]
responses_per_second = 0
propagation = { extra = ["127.0.0.99"] }

$(certificate one example.test '*.example.test')
TOML
start_daemon
both_there() { [[ $(answer_to a.b.acme.test TXT | grep -c ' TXT "') == 2 ]]; }
expect_eventually "both values are served" 20 both_there
serial=$(answer_to acme.test SOA | cut -d' ' -f7)

# With EDNS, which dig uses, the OPT record counts as additional.
expect_status "NOERROR aa 2 0 1" a.b.acme.test TXT
expect_status "NOERROR aa 2 0 1" +tcp a.b.acme.test TXT
expect_status "NOERROR aa 2 0 0" +noedns a.b.acme.test TXT
expect_status "NOERROR aa rd 2 0 1" +recurse a.b.acme.test TXT
expect_status "NOERROR aa 0 1 1" a.b.acme.test A
expect_status "NOERROR aa 0 1 1" b.acme.test TXT
expect_status "NXDOMAIN aa 0 1 1" x.b.acme.test TXT
expect_status "NXDOMAIN aa 0 1 1" x.a.b.acme.test TXT
expect_status "NOERROR aa 1 0 1" acme.test SOA
expect_status "NOERROR aa 1 0 2" acme.test NS
expect_status "NOERROR aa 1 0 1" ns.acme.test A
expect_status "NOERROR aa 0 1 1" ns.acme.test AAAA
expect_status "NOERROR aa 1 0 1" +notcp a.b.acme.test ANY
expect_status "REFUSED 0 0 1" example.test TXT
expect_status "REFUSED 0 0 1" test NS
expect_status "REFUSED 0 0 1" -c CH -t TXT -q acme.test
expect_match "dig AXFR" "$(dig +time=1 +tries=1 "@$HERE" acme.test AXFR)" 'Transfer failed'
expect_match "dig +edns=1" "$(dig +time=1 +tries=1 +noednsneg "+edns=1" "@$HERE" acme.test SOA)" 'status: BADVERS'
expect_match "dig +opcode=notify" "$(dig +time=1 +tries=1 +opcode=notify "@$HERE" acme.test SOA)" 'status: NOTIMP'
expect_match "an unknown option" "$(dig +time=1 +tries=1 +ednsopt=65001:00ff +cookie "@$HERE" acme.test SOA)" 'status: NOERROR'
expect_match "a cookie, which dig finds good" "$(dig +time=1 +tries=1 +cookie "@$HERE" acme.test SOA)" '^; COOKIE: [0-9a-f]{48} \(good\)$'
expect_match "the case of the question" "$(answer_to A.b.AcMe.tEsT TXT)" '^A\.b\.AcMe\.tEsT\. 1 IN TXT "[A-Za-z0-9_-]{43}"$'
expect_match "the SOA record" "$(answer_to acme.test SOA)" '^acme\.test\. 60 IN SOA ns\.acme\.test\. hostmaster\.acme\.test\. [0-9]+ 86400 7200 3600000 1$'
expect_match "the NS record" "$(answer_to acme.test NS)" '^acme\.test\. 300 IN NS ns\.acme\.test\.$'
expect_match "its address" "$(answer_to ns.acme.test A)" "^ns\.acme\.test\. 300 IN A $HERE\$"
expect_match "ANY" "$(answer_to +notcp acme.test ANY)" '^acme\.test\. 3600 IN HINFO "RFC8482" ""$'
expect_match "SOA with a denial" "$(dig +norecurse +noall +authority "@$HERE" x.acme.test TXT | tr -s '\t ' ' ')" '^acme\.test\. 1 IN SOA'
expect_equal "several questions on one connection" \
  "$(dig +tcp +keepopen +noall +answer "@$HERE" a.b.acme.test TXT acme.test SOA ns.acme.test A | wc -l)" 4

echo "through resolvers:"
for resolver in "$LAB_RESOLVER" "$LAB_CA_RESOLVER"; do
  expect_equal "values" "$(txt "$resolver" _acme-challenge.example.test | grep -c '^"')" 2
  expect_match "a name that is not there" "$(dig "@$resolver" x.acme.test TXT)" 'status: NXDOMAIN'
done

expect_eventually "it says which server kept it waiting" 30 daemon_said '127\.0\.0\.99'
expect_eventually "both values go" 10 no_txt_on "$HERE" a.b.acme.test
expect_status "NXDOMAIN aa 0 1 1" a.b.acme.test TXT
expect_status "NXDOMAIN aa 0 1 1" b.acme.test TXT
expect_at_most "the serial has moved" "$((serial + 1))" "$(answer_to acme.test SOA | cut -d' ' -f7)"
stop_daemon
expect_equal "exit status" "$STATUS" 0
