# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# powerdns_update.sh - PowerDNS with dynamic updates signed by TSIG.

# shellcheck source=powerdns_api.sh
source "$LAB_HOME/operators/powerdns_api.sh" # for its database

start_powerdns_update() { # start_powerdns_update ZONE ADDRESS
  local d=$WORK/powerdns
  POWERDNS_ADDRESS=$2 POWERDNS_KEYS=$d POWERDNS_SECRET=$(openssl rand -base64 32)
  export POWERDNS_ADDRESS POWERDNS_KEYS POWERDNS_SECRET
  mkdir "$d"
  (
    umask 077
    echo "$POWERDNS_SECRET" >"$d/secret"
    openssl rand -base64 32 >"$d/wrong-secret"
    cp "$d/secret" "$d/used-secret"
    printf 'key "operator" { algorithm hmac-sha256; secret "%s"; };\n' "$POWERDNS_SECRET" >"$d/key"
  )
  powerdns_database "$d" "$1" "$2"
  printf 'dnsupdate=yes\nallow-dnsupdate-from=127.0.0.0/8\n' >>"$d/pdns.conf"
  {
    pdnsutil --config-dir="$d" import-tsig-key operator hmac-sha256 "$POWERDNS_SECRET"
    pdnsutil --config-dir="$d" set-meta "$1" TSIG-ALLOW-DNSUPDATE operator
  } >>"$WORK/pdnsutil.out" 2>&1
  spawn_operator powerdns "$(PATH=$PATH:/usr/sbin command -v pdns_server)" --config-dir="$d"
  export POWERDNS_PID=${OPERATOR_PIDS[-1]}
}

provider_powerdns_update() { # provider_powerdns_update ZONE
  cat <<TOML
[provider.powerdns]
type = "rfc2136"
server = "$POWERDNS_ADDRESS"
tsig = { name = "operator", algorithm = "hmac-sha256", secret = { file = "$POWERDNS_KEYS/used-secret" } }
zones = ["$1"]

TOML
}

control_powerdns_update() {
  case $1 in
    put)
      printf 'server %s\nzone %s\nupdate add %s 60 TXT "%s"\nsend\n' "$POWERDNS_ADDRESS" "$OPERATOR_ZONE" "$2" "$3" |
        nsupdate -k "$POWERDNS_KEYS/key"
      ;;
    *) control_powerdns_api "$@" ;;
  esac
}

secrets_powerdns_update() { echo "$POWERDNS_SECRET"; }
answers_powerdns_update() { echo "$POWERDNS_ADDRESS:53"; }
