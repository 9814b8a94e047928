# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# settings.sh - every knob of the lab, its default and its meaning.
#
# Each may come from the environment or as NAME=VALUE after `lab up DIR`, which writes what is in force to DIR/settings.

# --- Where ------------------------------------------------------------------------------------------------------------
: "${LAB_NET:=127.0.0}"          # all sockets live on LAB_NET.1 .. LAB_NET.8
: "${LAB_DNS_PORT:=53}"          # NS records and glue carry no port, so iteration works with 53 only
: "${LAB_ACME_PORT:=14000}"      # the CA on LAB_NET.1, and with LAB_CA2=1 the second one on the next port
: "${LAB_MGMT_PORT:=15000}"      # pebble's management interface, likewise
: "${LAB_CONTROL_PORT:=953}"     # rndc and unbound-control

# --- DNS --------------------------------------------------------------------------------------------------------------
# Zones that take signed updates; sub.example.test is cut out of example.test.
: "${LAB_ZONES:=example.test sub.example.test z0.test z1.test z2.test z3.test z4.test z5.test z6.test z7.test z8.test z9.test}"
: "${LAB_DLG_ZONE:=acme-dlg.test}"  # holds delegated challenge names; takes updates under a key of its own
: "${LAB_CNAME_ZONES:=cname.test}"  # refuse updates; their challenge names are CNAMEs into LAB_DLG_ZONE
: "${LAB_ISLAND_ZONE:=island.test}" # takes updates at the TLD's server alone: lives on when the primary is dead
: "${LAB_DELEGATED:=}"              # ZONE=ADDRESS ...: zones below test. that somebody else serves, at ns.ZONE
# Seconds (fractions too) between an update and the moment when each secondary hears of it; 0: the primary notifies it.
: "${LAB_SEC1_DELAY:=0}"
: "${LAB_SEC2_DELAY:=0}"
: "${LAB_HIDDEN_PRIMARY:=0}"     # 1: the primary is in no NS set; it stays the MNAME of the SOA
: "${LAB_CACHE_TTL:=0}"          # how long the two resolvers keep what they found ...
: "${LAB_NCACHE_TTL:=0}"         # ... and what they did not find
: "${LAB_SOA_MINIMUM:=60}"
: "${LAB_RECORD_TTL:=300}"
: "${LAB_QUERYLOG:=1}"           # 1: every server logs every query

# --- The CA -----------------------------------------------------------------------------------------------------------
: "${LAB_PEBBLE:=auto}"          # old (the distribution's), new (unpacked by ./newer), auto (new, else old), or a path
: "${LAB_CA2:=0}"                # 1: a second CA with roots of its own
: "${LAB_PEBBLE2:=old}"
: "${LAB_NOSLEEP:=1}"            # 0: a random sleep before each validation ...
: "${LAB_SLEEPTIME:=5}"          # ... of at most so many seconds
: "${LAB_NONCEREJECT:=0}"        # percent of good nonces refused
: "${LAB_AUTHZREUSE:=0}"         # percent of valid authorizations used again
: "${LAB_ALTERNATE_ROOTS:=0}"    # further chains offered
: "${LAB_CHAIN_LENGTH:=1}"       # intermediates in a chain
: "${LAB_STRICT:=0}"             # pebble -strict
: "${LAB_EAB:=0}"                # 1: a new account needs an external account binding
: "${LAB_EAB_KID:=kid-1}"
: "${LAB_EAB_HMAC:=zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W}"
: "${LAB_VALIDITY:=7776000}"     # seconds that a certificate lives
: "${LAB_RETRY_AUTHZ:=0}"        # Retry-After of an authorization and of an order in processing (new pebble only) ...
: "${LAB_RETRY_ORDER:=0}"        # ... sent as seconds or as a date, at random
# Names that the CA refuses, with all below them. Two labels at most: pebble 2.10 dies on an order for a shorter name.
: "${LAB_BLOCKLIST:=blocked.test}"

LAB_SETTINGS=(
  LAB_NET LAB_DNS_PORT LAB_ACME_PORT LAB_MGMT_PORT LAB_CONTROL_PORT
  LAB_ZONES LAB_DLG_ZONE LAB_CNAME_ZONES LAB_ISLAND_ZONE LAB_DELEGATED LAB_SEC1_DELAY LAB_SEC2_DELAY LAB_HIDDEN_PRIMARY
  LAB_CACHE_TTL LAB_NCACHE_TTL LAB_SOA_MINIMUM LAB_RECORD_TTL LAB_QUERYLOG
  LAB_PEBBLE LAB_CA2 LAB_PEBBLE2 LAB_NOSLEEP LAB_SLEEPTIME LAB_NONCEREJECT LAB_AUTHZREUSE LAB_ALTERNATE_ROOTS
  LAB_CHAIN_LENGTH LAB_STRICT LAB_EAB LAB_EAB_KID LAB_EAB_HMAC LAB_VALIDITY LAB_RETRY_AUTHZ LAB_RETRY_ORDER LAB_BLOCKLIST
)
LAB_SECRETS=(TSIG_SECRET DLG_SECRET NARROW_SECRET DEAD_SECRET RNDC_SECRET)

lab_addresses() {
  A_ACME=$LAB_NET.1       # the CAs
  A_SEC1=$LAB_NET.2       # ns2.lab-dns.test
  A_SEC2=$LAB_NET.3       # ns3.lab-dns.test
  A_PRIM=$LAB_NET.4       # ns1.lab-dns.test, takes the updates
  A_ROOT=$LAB_NET.5       # the root
  A_TLD=$LAB_NET.6        # test.
  A_RESOLVER=$LAB_NET.7   # the client's recursive resolver
  A_CARESOLVER=$LAB_NET.8 # the CA's
}
