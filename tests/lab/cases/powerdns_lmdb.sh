#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# PowerDNS on LMDB, whose search finds nothing before version 5.0: disabled records at the challenge name stay all the same.
OPERATOR=powerdns_api
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

start_lmdb() {
  POWERDNS_ADDRESS=$OPERATOR_ADDRESS POWERDNS_KEYS=$WORK/powerdns POWERDNS_SECRET=$(openssl rand -hex 32)
  mkdir "$POWERDNS_KEYS"
  (umask 077; echo "$POWERDNS_SECRET" >"$POWERDNS_KEYS/used-secret")
  cat >"$POWERDNS_KEYS/pdns.conf" <<CONF
launch=lmdb
lmdb-filename=$POWERDNS_KEYS/pdns.lmdb
lmdb-sync-mode=nosync
local-address=$POWERDNS_ADDRESS
socket-dir=$POWERDNS_KEYS
daemon=no
guardian=no
security-poll-suffix=
api=yes
api-key=$POWERDNS_SECRET
webserver=yes
webserver-address=$POWERDNS_ADDRESS
webserver-port=8081
webserver-allow-from=127.0.0.0/8
CONF
  ip addr add "$POWERDNS_ADDRESS/32" dev lo
  spawn_operator powerdns "$(PATH=$PATH:/usr/sbin command -v pdns_server)" --config-dir="$POWERDNS_KEYS"
  eventually 20 powerdns_api_answers || { cat "$WORK/powerdns.out"; exit 1; }
}

api() { # api METHOD PATH [JSON]
  curl -sSf -X "$1" -H "X-API-Key: $POWERDNS_SECRET" -H 'Content-Type: application/json' "$(powerdns_api)$2" ${3:+-d "$3"}
}

standing() { # the TXT sets of the zone, disabled records included, without when a newer PowerDNS wrote them
  api GET "/zones/$OPERATOR_ZONE." | jq -c '[.rrsets[] | select(.type == "TXT") | {name, ttl, records: (.records | map(del(.modified_at)) | sort_by(.content))}]'
}

start_lab LAB_ZONES=example.test LAB_DELEGATED="$OPERATOR_ZONE=$OPERATOR_ADDRESS"
start_lmdb
api POST /zones "{\"name\": \"$OPERATOR_ZONE.\", \"kind\": \"Native\", \"nameservers\": [\"ns.$OPERATOR_ZONE.\"], \"rrsets\": [
  {\"name\": \"ns.$OPERATOR_ZONE.\", \"type\": \"A\", \"ttl\": 60, \"records\": [{\"content\": \"$OPERATOR_ADDRESS\"}]},
  {\"name\": \"_acme-challenge.$OPERATOR_ZONE.\", \"type\": \"TXT\", \"ttl\": 77, \"records\": [
    {\"content\": \"\\\"foreign\\\"\", \"disabled\": false}, {\"content\": \"\\\"off\\\"\", \"disabled\": true}]}]}" >/dev/null
eventually 20 serves_zone "$OPERATOR_ZONE" "$OPERATOR_ADDRESS"
before=$(standing)
expect_match "the case is one" "$before" '"disabled":true'
operator_config < <(certificate cert "$OPERATOR_ZONE" "*.$OPERATOR_ZONE")
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued cert "$OPERATOR_ZONE" "*.$OPERATOR_ZONE"
expect_equal "what others have there" "$(standing)" "$before"
