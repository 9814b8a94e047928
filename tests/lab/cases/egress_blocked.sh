#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A company's firewall lets this host ask its resolver and the hidden primary, but no name server of the zone. With `require = "none"` the
# resolver's word will do, aliases included; without it the sentence tells who was asked, and how.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

configure() { # configure LINE
  write_config <<TOML
$1
settle = "1s"

$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test cname.test acme-dlg.test)
$(certificate wild example.test '*.example.test')
$(certificate alias cname.test)
TOML
}

start_lab LAB_ZONES=example.test LAB_HIDDEN_PRIMARY=1
RUNNER=(setpriv --regid=99 --clear-groups) # told by its group, acmed's packets are dropped, and no others
nft add table inet wall
nft add chain inet wall out '{ type filter hook output priority 0; }'
for server in "$LAB_RESOLVER" "$LAB_PRIMARY"; do nft add rule inet wall out meta skgid 99 ip daddr "$server" accept; done
nft add rule inet wall out meta skgid 99 udp dport 53 drop
nft add rule inet wall out meta skgid 99 tcp dport 53 drop

configure ''
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'ns2.lab-dns.test \(127.0.0.2\): not reachable from this host: a firewall or a route forbids it \(Operation not permitted\) by UDP'

configure 'require = "none"'
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued wild example.test '*.example.test'
expect_issued alias cname.test
expect_no_txt example.test
