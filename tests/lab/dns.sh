# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# dns.sh - the lab's DNS: a root with its TLD, one primary, two secondaries, and two resolvers that know only that root.
# Every server is a process of its own, so that a delegation or a delay is a real one.

NS_DOMAIN=lab-dns.test # home of ns1 (the primary), ns2 and ns3 (the secondaries)

# Fills PRIMARY_ZONES, and PARENT: for each zone the closest other one above it; none means that test. delegates it.
plan_zones() {
  local zone name
  NS_HOSTS="ns1 ns2 ns3"
  [[ $LAB_HIDDEN_PRIMARY != 1 ]] || NS_HOSTS="ns2 ns3"
  # shellcheck disable=SC2206
  PRIMARY_ZONES=("$NS_DOMAIN" $LAB_ZONES $LAB_DLG_ZONE $LAB_CNAME_ZONES)
  declare -gA PARENT=()
  for zone in "${PRIMARY_ZONES[@]}"; do PARENT[$zone]=; done
  for zone in "${PRIMARY_ZONES[@]}"; do
    name=${zone#*.}
    while [[ $name == *.* && ! -v PARENT[$name] ]]; do name=${name#*.}; done
    [[ ! -v PARENT[$name] ]] || PARENT[$zone]=$name
  done
}

write_dns() {
  write_root
  write_primary
  write_secondary sec1 "$A_SEC1"
  write_secondary sec2 "$A_SEC2"
  write_resolver resolver "$A_RESOLVER"
  write_resolver caresolver "$A_CARESOLVER"
}

soa() { # soa MNAME
  printf '@ IN SOA %s. hostmaster.lab-dns.test. 1 3600 600 86400 %s\n' "$1" "$LAB_SOA_MINIMUM"
}

named_options() { # named_options NAME ADDRESS: what all four have; the caller closes the options block
  cat <<CONF
include "$DIR/rndc-key.key";
include "$DIR/lab-key.key";
controls { inet $2 port $LAB_CONTROL_PORT allow { 127.0.0.0/8; } keys { "rndc-key"; }; };
logging {
  channel main { file "$DIR/log/$1.log"; print-time iso8601; print-category yes; print-severity yes; severity info; };
  category default { main; };
  category queries { main; };
  category update { main; };
  category update-security { main; };
};
options {
  directory "$DIR/$1";
  pid-file "$DIR/$1/named.pid";
  session-keyfile "$DIR/$1/session.key";
  statistics-file "$DIR/$1/named.stats";
  managed-keys-directory "$DIR/$1";
  $(several_named)
  listen-on-v6 { none; };
  query-source address $2;
  transfer-source $2;
  notify-source $2;
  querylog $([[ $LAB_QUERYLOG == 1 ]] && echo yes || echo no);
  recursion no;
  dnssec-validation no;
  empty-zones-enable no;
  minimal-responses no-auth-recursive;
CONF
}

write_root() { # the root and the TLD: two views of one process, told apart by address
  local d=$DIR/root zone host pair
  mkdir -p "$d"
  {
    named_options root "$A_ROOT"
    cat <<CONF
  listen-on port $LAB_DNS_PORT { $A_ROOT; $A_TLD; };
  notify no;
};
view "tld" {
  match-destinations { $A_TLD; };
  zone "test" { type primary; file "test.db"; };
  zone "$LAB_ISLAND_ZONE" { type primary; file "island.db"; update-policy { grant lab-key zonesub ANY; }; };
};
view "root" { match-destinations { any; }; zone "." { type primary; file "root.db"; }; };
CONF
  } >"$d/named.conf"
  cat >"$d/root.db" <<ZONE
\$TTL 86400
. IN SOA ns.root-lab. hostmaster.root-lab. 1 3600 600 86400 60
. IN NS ns.root-lab.
ns.root-lab. IN A $A_ROOT
test. IN NS ns.tld.test.
ns.tld.test. IN A $A_TLD
ZONE
  {
    # shellcheck disable=SC2016
    printf '$TTL 86400\n$ORIGIN test.\n'
    soa ns.tld.test
    echo "@ IN NS ns.tld"
    echo "ns.tld IN A $A_TLD"
    echo "$LAB_ISLAND_ZONE. IN NS ns.tld"
    for zone in "${PRIMARY_ZONES[@]}"; do
      [[ -z ${PARENT[$zone]} ]] || continue # delegated further down
      for host in $NS_HOSTS; do echo "$zone. IN NS $host.$NS_DOMAIN."; done
    done
    glue "$NS_DOMAIN."
    for pair in $LAB_DELEGATED; do
      echo "${pair%%=*}. IN NS ns.${pair%%=*}."
      echo "ns.${pair%%=*}. IN A ${pair#*=}"
    done
  } >"$d/test.db"
  {
    # shellcheck disable=SC2016
    printf '$TTL %s\n$ORIGIN %s.\n' "$LAB_RECORD_TTL" "$LAB_ISLAND_ZONE"
    soa ns.tld.test
    echo "@ IN NS ns.tld.test."
    echo "@ IN A $A_ACME"
  } >"$d/island.db"
}

glue() { # glue DOMAIN
  printf "%s.$1 IN A %s\n" ns1 "$A_PRIM" ns2 "$A_SEC1" ns3 "$A_SEC2"
}

zone_file() { # zone_file ZONE: what it holds at first
  local host child
  # shellcheck disable=SC2016
  printf '$TTL %s\n$ORIGIN %s.\n' "$LAB_RECORD_TTL" "$1"
  soa "ns1.$NS_DOMAIN"
  for host in $NS_HOSTS; do echo "@ IN NS $host.$NS_DOMAIN."; done
  if [[ $1 == "$NS_DOMAIN" ]]; then
    glue "$NS_DOMAIN."
    return
  fi
  # named takes no address at a name with '_', which a zone of challenges has.
  [[ $1 == _* ]] || printf '@ IN A %s\n* IN A %s\n' "$A_ACME" "$A_ACME"
  for child in "${PRIMARY_ZONES[@]}"; do
    [[ ${PARENT[$child]} == "$1" ]] || continue
    for host in $NS_HOSTS; do echo "$child. IN NS $host.$NS_DOMAIN."; done
  done
  if [[ " $LAB_CNAME_ZONES " == *" $1 "* ]]; then
    echo "_acme-challenge IN CNAME _acme-challenge.$1.$LAB_DLG_ZONE."
    echo "_acme-challenge.www IN CNAME _acme-challenge.www.$1.$LAB_DLG_ZONE."
    # A chain of two, by way of another name of this zone.
    echo "_acme-challenge.chain IN CNAME hop.$1."
    echo "hop IN CNAME _acme-challenge.chain.$1.$LAB_DLG_ZONE."
  fi
}

write_primary() {
  local d=$DIR/primary zone notify1=$A_SEC1 notify2=$A_SEC2
  mkdir -p "$d"
  # A delayed secondary hears of changes from the relay.
  is_zero "$LAB_SEC1_DELAY" || notify1="$A_PRIM port $(relay_port 1)"
  is_zero "$LAB_SEC2_DELAY" || notify2="$A_PRIM port $(relay_port 2)"
  {
    named_options primary "$A_PRIM"
    cat <<CONF
  listen-on port $LAB_DNS_PORT { $A_PRIM; };
  notify explicit;
  notify-delay 0;
  notify-rate 1000;
  startup-notify-rate 1000;
  also-notify { $notify1; $notify2; };
  allow-transfer { 127.0.0.0/8; };
  transfers-out 1000;
  serial-query-rate 1000;
};
# lab-key may change anything; narrow-key only what a careful operator grants for ZONE and *.ZONE; dlg-key only TXT in the
# delegated zone; dead-key is known and may do nothing.
include "$DIR/dlg-key.key";
include "$DIR/narrow-key.key";
include "$DIR/dead-key.key";
CONF
    for zone in $LAB_ZONES; do
      echo "zone \"$zone\" { type primary; file \"$zone.db\";" \
        "update-policy { grant lab-key zonesub ANY; grant narrow-key name _acme-challenge.$zone. TXT; }; };"
    done
    echo "zone \"$LAB_DLG_ZONE\" { type primary; file \"$LAB_DLG_ZONE.db\";" \
      "update-policy { grant dlg-key zonesub TXT; grant lab-key zonesub ANY; }; };"
    for zone in $LAB_CNAME_ZONES $NS_DOMAIN; do
      echo "zone \"$zone\" { type primary; file \"$zone.db\"; allow-update { none; }; };"
    done
  } >"$d/named.conf"
  for zone in "${PRIMARY_ZONES[@]}"; do zone_file "$zone" >"$d/$zone.db"; done
}

write_secondary() { # write_secondary NAME ADDRESS
  local d=$DIR/$1 zone
  mkdir -p "$d"
  {
    named_options "$1" "$2"
    cat <<CONF
  listen-on port $LAB_DNS_PORT { $2; };
  notify no;
  allow-notify { 127.0.0.0/8; };
  transfers-in 1000;
  transfers-per-ns 1000;
  serial-query-rate 1000;
};
CONF
    for zone in "${PRIMARY_ZONES[@]}"; do
      echo "zone \"$zone\" { type secondary; file \"$zone.db\"; masterfile-format text;" \
        "primaries port $LAB_DNS_PORT { $A_PRIM; }; };"
    done
  } >"$d/named.conf"
}

# Two resolvers, alike and apart, as in life: what the client's has cached must not decide what the CA's sees. unbound,
# since named serves a cached answer of TTL 0 until the second is over.
write_resolver() { # write_resolver NAME ADDRESS
  local d=$DIR/$1
  mkdir -p "$d"
  cat >"$d/unbound.conf" <<CONF
server:
  directory: "$d"
  pidfile: "$d/unbound.pid"
  chroot: ""
  username: ""
  do-daemonize: no
  use-syslog: no
  log-queries: $([[ $LAB_QUERYLOG == 1 ]] && echo yes || echo no)
  log-time-ascii: yes
  interface: $2
  port: $LAB_DNS_PORT
  outgoing-interface: $2
  do-ip6: no
  access-control: 127.0.0.0/8 allow
  module-config: "iterator"
  # test. is special to unbound, and loopback a place it would not ask.
  local-zone: "test." nodefault
  do-not-query-localhost: no
  qname-minimisation: no
  cache-min-ttl: 0
  cache-max-ttl: $LAB_CACHE_TTL
  cache-max-negative-ttl: $LAB_NCACHE_TTL
  infra-host-ttl: 5
  infra-keep-probing: yes
  num-threads: 1
  incoming-num-tcp: 1000
  target-fetch-policy: "0 0 0 0 0"
# Not by root-hints: what newer ones learn of a root that they ask for itself is subject to the TTLs above, and gone at once.
stub-zone:
  name: "."
  stub-addr: $A_ROOT@$LAB_DNS_PORT
remote-control:
  control-enable: yes
  control-interface: $2
  control-port: $LAB_CONTROL_PORT
  control-use-cert: no
CONF
}

is_zero() { [[ $1 =~ ^0*\.?0*$ ]]; }
relay_wanted() { ! { is_zero "$LAB_SEC1_DELAY" && is_zero "$LAB_SEC2_DELAY"; }; }
relay_port() { echo $((LAB_CONTROL_PORT + 10000 + $1)); }

start_named() { spawn "$1" "$(private_copy named)" -f -n 1 -c "$DIR/$1/named.conf"; }
start_resolver() { spawn "$1" "$(private_copy unbound)" -d -p -c "$DIR/$1/unbound.conf"; }
start_relay() {
  spawn relay python3 "$LAB_HOME/notify_relay.py" "$A_PRIM" \
    "$(relay_port 1)=$A_SEC1:$LAB_DNS_PORT/$LAB_SEC1_DELAY" "$(relay_port 2)=$A_SEC2:$LAB_DNS_PORT/$LAB_SEC2_DELAY"
}

answers_soa() { # answers_soa ADDRESS ZONE...: one dig asks for all of them
  local address=$1 zone questions=()
  shift
  for zone in "$@"; do questions+=("$zone" SOA); done
  [[ $(dig +time=1 +tries=1 +short "@$address" -p "$LAB_DNS_PORT" "${questions[@]}" 2>/dev/null |
    grep -c hostmaster) == "$#" ]]
}

wait_dns() {
  local address
  wait_for "the TLD" answers_soa "$A_TLD" test "$LAB_ISLAND_ZONE"
  for address in "$A_SEC1" "$A_SEC2" "$A_RESOLVER" "$A_CARESOLVER"; do
    wait_for "the zones at $address" answers_soa "$address" "${PRIMARY_ZONES[@]}"
  done
}
