#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The name servers have IPv6 addresses too, to which no way leads: a route of this host says so, its firewall, or a router. IPv4 shows
# all, so the family is passed over, without a time-out. Then no way leads to the resolver: that is told at once, in as many words.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

NETWORK=2001:db8::/32

try() { # try WHAT
  echo "--- $1"
  rm -rf "$STATE"
  acmed_once
  expect_equal "exit status, $1" "$STATUS" 0
  expect_at_most "milliseconds, $1" "$ELAPSED" $((10000 + SLOW_BUILD_MS)) # the time-out is 20 s; to find nobody takes a router 3
}

is_apart() { [[ $(readlink "/proc/$1/ns/net") != "$(readlink /proc/self/ns/net)" ]]; } # is_apart PID

knows_addresses() { [[ $(dig +time=1 +tries=1 +short "@$1" ns2.lab-dns.test AAAA) == 2001:db8::2 ]]; } # knows_addresses SERVER

in_router() { nsenter -t "$ROUTER" -n "$@"; }

start_router() { # a host of its own, one hop away, that forwards
  unshare --net sleep infinity &
  ROUTER=$!
  disown
  OPERATOR_PIDS+=("$ROUTER")
  eventually 5 is_apart "$ROUTER"
  ip link add wan type veth peer name lan netns "$ROUTER"
  ip -6 addr add fd00::2/64 dev wan nodad
  ip link set wan up
  in_router ip -6 addr add fd00::1/64 dev lan nodad
  in_router ip link set lan up
  in_router sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.icmp.ratelimit=0
}

start_lab LAB_ZONES=example.test
lab stop primary
printf 'ns%s AAAA 2001:db8::%s\n' 1 1 2 2 3 3 >>"$WORK/lab/primary/lab-dns.test.db"
sed -i 's/ 1 3600 600 86400 / 2 3600 600 86400 /' "$WORK/lab/primary/lab-dns.test.db"
lab start primary
for server in $LAB_SECONDARIES; do
  expect_eventually "$server knows the IPv6 addresses" 10 knows_addresses "$server"
done
write_config <<TOML
$(primary_provider)
$(certificate wild example.test '*.example.test')
TOML

for kind in unreachable prohibit blackhole; do
  ip -6 route add "$kind" "$NETWORK" dev lo
  try "a route of type $kind"
  ip -6 route del "$kind" "$NETWORK" dev lo
done

ip -6 addr add fd00::9/128 dev lo nodad
ip -6 route add "$NETWORK" dev lo src fd00::9
nft add table inet wall
nft add chain inet wall out '{ type filter hook output priority 0; }'
for verdict in drop 'reject with icmpv6 type admin-prohibited'; do
  nft flush chain inet wall out
  # shellcheck disable=SC2086
  nft add rule inet wall out ip6 daddr "$NETWORK" $verdict
  try "the firewall's $verdict"
done
nft delete table inet wall
ip -6 route del "$NETWORK" dev lo

start_router
ip -6 route add "$NETWORK" via fd00::1
try "a router without a route"
in_router ip -6 route add prohibit "$NETWORK"
try "a router that forbids it"
in_router ip -6 route del prohibit "$NETWORK"
in_router ip -6 route add "$NETWORK" dev lan # where nobody is
try "a router that finds nobody"
ip -6 route del "$NETWORK" via fd00::1

sed -i 's/^resolvers = .*/resolvers = ["2001:db8::53"]/' "$CONFIG"
for kind in unreachable prohibit blackhole; do
  echo "--- the resolver behind a route of type $kind"
  ip -6 route add "$kind" "$NETWORK" dev lo
  rm -rf "$STATE"
  acmed_once
  ip -6 route del "$kind" "$NETWORK" dev lo
  expect_equal "exit status" "$STATUS" 1
  expect_match "the sentence" "$OUTPUT" 'no resolver could look up SOA example.test. \(2001:db8::53: not reachable from this host: '
  expect_at_most "milliseconds" "$ELAPSED" $((4000 + SLOW_BUILD_MS))
done
