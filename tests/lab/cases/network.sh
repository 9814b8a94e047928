#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The networks of README's table, one a run: NETWORK says which. Without a setting acmed issues, or says at once what is wrong; with what helps it issues.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
# shellcheck source=../named.sh
source "$LAB_HOME/named.sh"

: "${NETWORK:?set it to one of the functions network_NAME below}"
ZONE=example.test
SERVER=127.0.0.4 # of the provider
SETTING=         # lines of [propagation]

attempt() { # attempt WHAT: from nothing
  echo "--- $NETWORK: $1"
  rm -rf "$STATE"
  write_config <<TOML
$SETTING

$(provider primary "$SERVER" "${KEY_FILE:-$LAB_TSIG_FILE}" "$ZONE")
$(certificate wild "$ZONE" "*.$ZONE")
TOML
  acmed_once
}

expect_refused() { # expect_refused REGEX: without a setting, which the sentence tells
  attempt "as it is"
  expect_equal "exit status" "$STATUS" 1
  expect_match "the sentence" "$(grep '^failed: wild:' <<<"$OUTPUT" || true)" "$1"
}

expect_good() { # expect_good WHAT
  attempt "$1"
  expect_equal "exit status, $1" "$STATUS" 0
  expect_issued wild "$ZONE" "*.$ZONE"
}

# --- What the networks are made of --------------------------------------------------------------------------------------

resolver_settings() { # resolver_settings COMPONENT ADDRESS: what is on standard input is put at the end of its configuration
  lab stop "$1"
  cat >>"$WORK/lab/$1/unbound.conf"
  lab start "$1"
  expect_eventually "the $1 is back" 10 knows_test "$2"
}
knows_test() { [[ -n $(dig +time=1 +tries=1 +short "@$1" test SOA 2>/dev/null) ]]; }

zone_of_hosts_has() { # zone_of_hosts_has RECORDS: added to the zone of the name servers' own names, at all of them
  local server
  lab stop primary
  printf '%s\n' "$1" >>"$WORK/lab/primary/lab-dns.test.db"
  sed -i 's/ 1 3600 600 86400 / 2 3600 600 86400 /' "$WORK/lab/primary/lab-dns.test.db"
  lab start primary
  for server in $LAB_PRIMARY $LAB_SECONDARIES; do expect_eventually "$server has the new records" 10 is_of_serial "$server" lab-dns.test 2; done
}
is_of_serial() { [[ $(dig +time=1 +tries=1 +short +norecurse "@$1" "$2" SOA 2>/dev/null | cut -d' ' -f3) == "$3" ]]; }

# --- The networks -----------------------------------------------------------------------------------------------------

# The addresses that the DNS tells of the name servers lead nowhere from here; the same servers have others inside.
network_nat() {
  start_lab LAB_ZONES=$ZONE LAB_HIDDEN_PRIMARY=1
  RUNNER=(setpriv --regid=99 --clear-groups) # told by its group, acmed's packets are dropped, and no others
  nft -f - <<'NFT'
table ip translation {
  chain from_here { type filter hook output priority mangle; meta skgid 99 ip daddr { 127.0.0.2, 127.0.0.3 } meta mark set 7; }
  chain inside { type nat hook output priority -100; ip daddr 127.0.0.32 dnat to 127.0.0.2; ip daddr 127.0.0.33 dnat to 127.0.0.3; }
  chain vanish { type filter hook input priority 0; meta mark 7 drop; }
}
NFT
  expect_refused 'ns2.lab-dns.test \(127.0.0.2\): no answer by UDP'
  SETTING='exclude = ["127.0.0.2", "127.0.0.3"]
extra = ["127.0.0.32", "127.0.0.33"]'
  expect_good "with the inner addresses"
}

# The primary has two views of the zone, and the key leads into the one that the world does not see.
network_views() {
  ZONE=views.test SERVER=127.0.0.22
  start_lab LAB_ZONES=example.test LAB_DELEGATED=$ZONE=$SERVER
  mkdir -p "$WORK/both"
  small_zone ns "$SERVER" >"$WORK/both/outside.db"
  small_zone inner "$SERVER" >"$WORK/both/inside.db"
  own_named both "$SERVER" "$ZONE" <<CONF
include "$WORK/lab/dlg-key.key";
view inside { match-clients { key dlg-key; }; zone "$ZONE" { type primary; file "inside.db"; allow-update { key dlg-key; }; }; };
view outside { match-clients { any; }; zone "$ZONE" { type primary; file "outside.db"; allow-update { key lab-key; }; }; };
CONF
  KEY_FILE=$WORK/lab/dlg-key.key
  expect_refused "inner\.$ZONE.*ns\.$ZONE|ns\.$ZONE.*inner\.$ZONE"
  expect_at_most "milliseconds until it is told" "$ELAPSED" $((5000 + SLOW_BUILD_MS))
  KEY_FILE=$LAB_TSIG_FILE
  expect_good "with the key of the outer view"
}

# The company's resolver has a private zone of the same name.
network_private_zone() {
  start_lab LAB_ZONES=$ZONE
  mkdir -p "$WORK/private"
  small_zone private 127.0.0.22 >"$WORK/private/zone.db"
  own_named private 127.0.0.22 "$ZONE" <<<"zone \"$ZONE\" { type primary; file \"zone.db\"; };"
  resolver_settings resolver "$LAB_RESOLVER" < <(printf 'stub-zone:\n  name: "%s"\n  stub-addr: 127.0.0.22@53\n' "$ZONE")
  expect_refused "private\.$ZONE.*ns1\.lab-dns\.test|ns1\.lab-dns\.test.*private\.$ZONE"
  expect_at_most "milliseconds until it is told" "$ELAPSED" $((5000 + SLOW_BUILD_MS))
  LAB_RESOLVER=$LAB_CA_RESOLVER
  expect_good "with a resolver that sees what the world sees"
}

# The domain has moved to another operator; the former one's server still takes updates.
network_moved_zone() {
  ZONE=moved.test
  start_lab LAB_ZONES=example.test LAB_DELEGATED=$ZONE=127.0.0.22
  mkdir -p "$WORK/former" "$WORK/present"
  small_zone former 127.0.0.23 >"$WORK/former/zone.db"
  small_zone ns 127.0.0.22 >"$WORK/present/zone.db"
  own_named former 127.0.0.23 "$ZONE" <<<"zone \"$ZONE\" { type primary; file \"zone.db\"; allow-update { key lab-key; }; };"
  own_named present 127.0.0.22 "$ZONE" <<<"zone \"$ZONE\" { type primary; file \"zone.db\"; allow-update { key lab-key; }; };"
  SERVER=127.0.0.23
  expect_refused "former\.$ZONE.*ns\.$ZONE|ns\.$ZONE.*former\.$ZONE"
  expect_at_most "milliseconds until it is told" "$ELAPSED" $((5000 + SLOW_BUILD_MS))
  SERVER=127.0.0.22
  expect_good "at the present operator"
}

# One of the name servers is dead.
network_dead_server() {
  start_lab LAB_ZONES=$ZONE
  lab stop sec1
  TIMEOUT=3s
  expect_refused 'ns2.lab-dns.test \(127.0.0.2\)'
  expect_eventually "the CA's resolver goes past the dead server" 30 goes_past
  SETTING='exclude = ["ns2.lab-dns.test"]'
  expect_good "without the dead server"
}
# The CA gives its resolver two seconds; one that has yet to learn who is dead may need them.
goes_past() {
  local asked
  for asked in {1..5}; do
    dig +time=1 +tries=1 "@$LAB_CA_RESOLVER" "$asked-$(milliseconds).$ZONE" TXT 2>/dev/null | grep -q 'status: NOERROR' || return
  done
}

# The NS records name a host that has no address: whom nobody can ask, the CA will not ask either.
network_dead_name() {
  start_lab LAB_ZONES=$ZONE
  lab nsupdate <<<"update add $ZONE 60 NS gone.lab-dns.test.
send"
  for server in $LAB_SECONDARIES; do expect_eventually "$server has the name" 10 names_server "$server" gone.lab-dns.test; done
  expect_good "with that name, which nobody can ask"
  expect_match "what is said of it" "$OUTPUT" 'the name server gone\.lab-dns\.test has no address in the DNS'
  SETTING='exclude = ["gone.lab-dns.test"]'
  expect_good "without that name"
}
names_server() { dig +time=1 +tries=1 +short +norecurse "@$1" "$ZONE" NS 2>/dev/null | grep -qx "$2\."; }

# The name servers have IPv6 addresses, and a router says at once that there is no way: the family is passed over.
network_ipv6_refused() {
  local answer
  start_lab LAB_ZONES=$ZONE
  zone_of_hosts_has "$(printf 'ns%s AAAA 2001:db8::%s\n' 2 2 3 3)"
  for answer in unreachable prohibit; do
    ip -6 route add "$answer" 2001:db8::/32 dev lo
    expect_good "a route of type $answer"
    ip -6 route del "$answer" 2001:db8::/32 dev lo
  done
}

# The name servers answer one address but a few times a second (response rate limiting), and drop or cut the rest.
network_rate_limit() {
  local server
  start_lab LAB_ZONES=$ZONE LAB_SEC2_DELAY=2
  for server in sec1 sec2; do
    lab stop "$server"
    sed -i 's/^  notify no;$/&\n  rate-limit { responses-per-second 2; nxdomains-per-second 2; window 5; slip 2; ipv4-prefix-length 32; };/' "$WORK/lab/$server/named.conf"
    lab start "$server"
  done
  for server in $LAB_SECONDARIES; do expect_eventually "$server is back" 10 serves_zone "$ZONE" "$server"; done
  expect_good "beside a rate limit"
}

# The zone is signed, and both resolvers validate it.
network_dnssec_signed() {
  start_signed_zone
  trust_the_zone
  expect_good "signed"
  expect_equal "the resolver validated" "$(dig +time=2 +tries=1 +adflag "@$LAB_RESOLVER" "$ZONE" SOA | grep -c '^;; flags:.* ad')" 1
}

# The resolvers' trust anchor (or the DS record at the parent) belongs to another key.
network_dnssec_bogus() {
  start_signed_zone
  for component in resolver caresolver; do validate "$component" "$ZONE. DS 12345 13 2 $(printf '%064d' 7)"; done
  expect_refused 'SERVFAIL'
  for component in resolver caresolver; do sed -i '/trust-anchor/d' "$WORK/lab/$component/unbound.conf"; done
  trust_the_zone
  expect_good "with the right DS record"
}

start_signed_zone() {
  ZONE=signed.test SERVER=127.0.0.22
  start_lab LAB_ZONES=example.test LAB_DELEGATED=$ZONE=$SERVER
  mkdir -p "$WORK/signer"
  small_zone ns "$SERVER" >"$WORK/signer/zone.db"
  own_named signer "$SERVER" "$ZONE" <<<"zone \"$ZONE\" { type primary; file \"zone.db\"; dnssec-policy default; update-policy { grant lab-key zonesub ANY; }; };"
  expect_eventually "the zone is signed" 20 is_signed
}
is_signed() { dig +time=1 +tries=1 +norecurse +dnssec "@$SERVER" "$ZONE" DNSKEY 2>/dev/null | grep -q 'RRSIG.*DNSKEY'; }

trust_the_zone() {
  local anchor
  anchor="$ZONE. DNSKEY $(dig +time=1 +tries=1 +short +norecurse "@$SERVER" "$ZONE" DNSKEY | head -n 1)"
  validate resolver "$anchor"
  validate caresolver "$anchor"
}
validate() { # validate COMPONENT ANCHOR
  local address=$LAB_RESOLVER
  [[ $1 == resolver ]] || address=$LAB_CA_RESOLVER
  sed -i 's/module-config: "iterator"/module-config: "validator iterator"/' "$WORK/lab/$1/unbound.conf"
  resolver_settings "$1" "$address" <<<"server:
  trust-anchor: \"$2\""
}

"network_$NETWORK"
