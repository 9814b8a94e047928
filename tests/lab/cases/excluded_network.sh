#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The name servers have IPv6 addresses too, and what is sent there vanishes, as on many a branch office's line. The family, a network or
# the hosts can be left out; otherwise the sentence names the addresses.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

NETWORK=2001:db8::/32

knows_addresses() { [[ $(dig +time=1 +tries=1 +short "@$1" ns2.lab-dns.test AAAA) == 2001:db8::2 ]]; } # knows_addresses SERVER

configure() { # configure LINE
  write_config <<TOML
$1

$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML
}

start_lab LAB_ZONES=example.test
lab stop primary
printf 'ns%s AAAA 2001:db8::%s\n' 2 2 3 3 >>"$WORK/lab/primary/lab-dns.test.db"
sed -i 's/ 1 3600 600 86400 / 2 3600 600 86400 /' "$WORK/lab/primary/lab-dns.test.db"
lab start primary
for server in $LAB_SECONDARIES; do expect_eventually "$server knows the IPv6 addresses" 10 knows_addresses "$server"; done
ip -6 addr add fd00::9/128 dev lo nodad
ip -6 route add local "$NETWORK" dev lo src fd00::9
nft add table inet wall
nft add chain inet wall in '{ type filter hook input priority 0; }'
nft add rule inet wall in ip6 daddr "$NETWORK" drop

for line in 'exclude = ["::/0"]' 'exclude = ["2001:db8::/32"]' $'exclude = ["ns2.lab-dns.test", "ns3.lab-dns.test"]\nsettle = "1s"'; do
  rm -rf "$STATE"
  configure "$line"
  acmed_once
  expect_equal "exit status, $line" "$STATUS" 0
  expect_at_most "milliseconds" "$ELAPSED" $((4000 + SLOW_BUILD_MS))
done

rm -rf "$STATE"
TIMEOUT=4s
configure ''
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'ns2.lab-dns.test \(2001:db8::2\), ns3.lab-dns.test \(2001:db8::3\) said for _acme-challenge.example.test: no answer by UDP and TCP'
