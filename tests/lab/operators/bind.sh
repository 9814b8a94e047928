# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bind.sh - BIND with dynamic updates signed by TSIG.
# shellcheck source=../named.sh
source "$LAB_HOME/named.sh"

start_bind() { # start_bind ZONE ADDRESS
  local d=$WORK/bind
  BIND_ADDRESS=$2 BIND_SECRET=$(openssl rand -base64 32)
  export BIND_ADDRESS BIND_SECRET BIND_KEYS=$d
  mkdir "$d"
  printf 'key "operator" { algorithm hmac-sha256; secret "%s"; };\n' "$BIND_SECRET" >"$d/key"
  (umask 077; echo "$BIND_SECRET" >"$d/secret"; openssl rand -base64 32 >"$d/wrong-secret"; cp "$d/secret" "$d/used-secret")
  cat >"$d/named.conf" <<CONF
include "$d/key";
controls { };
options {
  directory "$d"; pid-file none; $(several_named) session-keyfile "$d/session.key"; managed-keys-directory "$d";
  listen-on { $2; }; listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no;
};
zone "$1" { type primary; file "zone.db"; update-policy { grant operator zonesub TXT; }; };
CONF
  printf '@ 300 IN SOA ns hostmaster 1 3600 600 86400 1\n@ 300 IN NS ns\nns 300 IN A %s\n' "$2" >"$d/zone.db"
  ip addr add "$2/32" dev lo
  cp "$(PATH=$PATH:/usr/sbin command -v named)" "$d/named" # AppArmor holds the installed one to its own folders
  spawn_operator bind "$d/named" -g -n 1 -c "$d/named.conf"
  BIND_PID=${OPERATOR_PIDS[-1]}
  export BIND_PID
}

provider_bind() { # provider_bind ZONE
  cat <<TOML
[provider.bind]
type = "rfc2136"
server = "$BIND_ADDRESS"
tsig = { name = "operator", algorithm = "hmac-sha256", secret = { file = "$BIND_KEYS/used-secret" } }
zones = ["$1"]

TOML
}

control_bind() {
  case $1 in
    values) dig +short +norecurse +time=2 "@$BIND_ADDRESS" "$2" TXT | text_values ;;
    put)
      printf 'server %s\nupdate add %s 60 TXT "%s"\nsend\n' "$BIND_ADDRESS" "$2" "$3" | nsupdate -k "$BIND_KEYS/key"
      ;;
    fault)
      case $2 in
        credentials) cat "$BIND_KEYS/wrong-secret" >"$BIND_KEYS/used-secret" ;;
        silent) halt "$BIND_PID" ;; # what it was sent waits for it
        *) return 77 ;;
      esac
      ;;
    heal)
      kill -CONT "$BIND_PID"
      cat "$BIND_KEYS/secret" >"$BIND_KEYS/used-secret"
      ;;
  esac
}

secrets_bind() { echo "$BIND_SECRET"; }
answers_bind() { echo "$BIND_ADDRESS:53"; }
