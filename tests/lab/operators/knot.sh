# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# knot.sh - Knot DNS with dynamic updates signed by TSIG.

start_knot() { # start_knot ZONE ADDRESS
  local d=$WORK/knot
  KNOT_ADDRESS=$2 KNOT_KEYS=$d KNOT_SECRET=$(openssl rand -base64 64 | tr -d '\n')
  export KNOT_ADDRESS KNOT_KEYS KNOT_SECRET
  mkdir "$d"
  (
    umask 077
    echo "$KNOT_SECRET" >"$d/secret"
    openssl rand -base64 64 | tr -d '\n' >"$d/wrong-secret"
    cp "$d/secret" "$d/used-secret"
    printf 'key "operator" { algorithm hmac-sha512; secret "%s"; };\n' "$KNOT_SECRET" >"$d/key"
  )
  cat >"$d/knot.conf" <<CONF
server:
  rundir: "$d"
  listen: $2@53
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: info
database:
  storage: "$d"
key:
  - id: operator
    algorithm: hmac-sha512
    secret: $KNOT_SECRET
acl:
  - id: update
    key: operator
    action: update
    update-type: [TXT]
zone:
  - domain: $1
    storage: "$d"
    file: zone
    acl: update
CONF
  # shellcheck disable=SC2016
  printf '$ORIGIN %s.\n@ 300 SOA ns hostmaster 1 3600 600 86400 1\n@ 300 NS ns\nns 300 A %s\n' "$1" "$2" >"$d/zone"
  spawn_operator knot "$(PATH=$PATH:/usr/sbin command -v knotd)" -c "$d/knot.conf"
  export KNOT_PID=${OPERATOR_PIDS[-1]}
}

provider_knot() { # provider_knot ZONE
  cat <<TOML
[provider.knot]
type = "rfc2136"
server = "$KNOT_ADDRESS"
tsig = { name = "operator", algorithm = "hmac-sha512", secret = { file = "$KNOT_KEYS/used-secret" } }
zones = ["$1"]

TOML
}

control_knot() {
  case $1 in
    values) dig +short +norecurse +time=2 "@$KNOT_ADDRESS" "$2" TXT | text_values ;;
    put)
      printf 'server %s\nzone %s\nupdate add %s 60 TXT "%s"\nsend\n' "$KNOT_ADDRESS" "$OPERATOR_ZONE" "$2" "$3" |
        nsupdate -k "$KNOT_KEYS/key"
      ;;
    fault)
      case $2 in
        credentials) cat "$KNOT_KEYS/wrong-secret" >"$KNOT_KEYS/used-secret" ;;
        silent) halt "$KNOT_PID" ;; # what it was sent waits for it
        *) return 77 ;;
      esac
      ;;
    heal)
      kill -CONT "$KNOT_PID"
      cat "$KNOT_KEYS/secret" >"$KNOT_KEYS/used-secret"
      ;;
  esac
}

secrets_knot() { echo "$KNOT_SECRET"; }
answers_knot() { echo "$KNOT_ADDRESS:53"; }
