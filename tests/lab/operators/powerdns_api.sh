# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# powerdns_api.sh - PowerDNS, its database in SQLite, changed by its HTTP API.

start_powerdns_api() { # start_powerdns_api ZONE ADDRESS
  local d=$WORK/powerdns
  POWERDNS_ADDRESS=$2 POWERDNS_KEYS=$d POWERDNS_SECRET=$(openssl rand -hex 32)
  export POWERDNS_ADDRESS POWERDNS_KEYS POWERDNS_SECRET
  mkdir "$d"
  (umask 077; echo "$POWERDNS_SECRET" >"$d/secret"; openssl rand -hex 32 >"$d/wrong-secret"; cp "$d/secret" "$d/used-secret")
  powerdns_database "$d" "$1" "$2"
  cat >>"$d/pdns.conf" <<CONF
api=yes
api-key=$POWERDNS_SECRET
webserver=yes
webserver-address=$2
webserver-port=8081
webserver-allow-from=127.0.0.0/8
CONF
  spawn_operator powerdns "$(PATH=$PATH:/usr/sbin command -v pdns_server)" --config-dir="$d"
  export POWERDNS_PID=${OPERATOR_PIDS[-1]}
  eventually 20 powerdns_api_answers
}

powerdns_api_answers() { curl -sf -o /dev/null -H "X-API-Key: $POWERDNS_SECRET" "$(powerdns_api)"; }
powerdns_api() { echo "http://$POWERDNS_ADDRESS:8081/api/v1/servers/localhost"; }

powerdns_database() { # powerdns_database FOLDER ZONE ADDRESS: the zone in a new database, and pdns.conf's common part
  cat >"$1/pdns.conf" <<CONF
launch=gsqlite3
gsqlite3-database=$1/database
gsqlite3-pragma-synchronous=0
gsqlite3-dnssec=yes
local-address=$3
socket-dir=$1
daemon=no
guardian=no
security-poll-suffix=
CONF
  python3 - "$1/database" /usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql <<'PYTHON'
import sqlite3, sys
sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())
PYTHON
  # shellcheck disable=SC2016
  printf '$ORIGIN %s.\n@ 300 IN SOA ns hostmaster 1 3600 600 86400 1\n@ 300 IN NS ns\nns 300 IN A %s\n' "$2" "$3" >"$1/zone"
  pdnsutil --config-dir="$1" load-zone "$2" "$1/zone" >"$WORK/pdnsutil.out" 2>&1
}

provider_powerdns_api() { # provider_powerdns_api ZONE
  cat <<TOML
[provider.powerdns]
type = "powerdns"
url = "http://$POWERDNS_ADDRESS:8081"
api_key = { file = "$POWERDNS_KEYS/used-secret" }
zones = ["$1"]

TOML
}

control_powerdns_api() {
  case $1 in
    values) dig +short +norecurse +time=2 "@$POWERDNS_ADDRESS" "$2" TXT | text_values ;;
    put)
      curl -sSf -X PATCH -H "X-API-Key: $POWERDNS_SECRET" "$(powerdns_api)/zones/$OPERATOR_ZONE." -d "{\"rrsets\": [{
        \"name\": \"$2.\", \"type\": \"TXT\", \"ttl\": 300, \"changetype\": \"REPLACE\",
        \"records\": [{\"content\": \"\\\"$3\\\"\", \"disabled\": false}]}]}"
      ;;
    fault)
      case $2 in
        credentials) cat "$POWERDNS_KEYS/wrong-secret" >"$POWERDNS_KEYS/used-secret" ;;
        silent) halt "$POWERDNS_PID" ;; # what it was sent waits for it
        *) return 77 ;;
      esac
      ;;
    heal)
      kill -CONT "$POWERDNS_PID"
      cat "$POWERDNS_KEYS/secret" >"$POWERDNS_KEYS/used-secret"
      ;;
  esac
}

secrets_powerdns_api() { echo "$POWERDNS_SECRET"; }
answers_powerdns_api() { echo "$POWERDNS_ADDRESS:8081"; }
