#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A token of Cloudflare's that lacks something: each time the sentence names the provider, the zone and what is missing, the
# token is not told, and with the right token all is well.
# shellcheck disable=SC2034
OPERATOR=cloudflare
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

start_lab LAB_ZONES=example.test LAB_DELEGATED="$OPERATOR_ZONE=$OPERATOR_ADDRESS"
start_cloudflare "$OPERATOR_ZONE else.test" "$OPERATOR_ADDRESS"
eventually 20 serves_zone "$OPERATOR_ZONE" "$OPERATOR_ADDRESS"
token=$(openssl rand -hex 20)
(umask 077 && echo "$token" >"$CLOUDFLARE_DIR/token")
extra=

give() { # give PERMISSION...: what the token may do from now on, as JSON members
  admin_cloudflare set --data "{\"tokens\": {\"$token\": {\"user\": \"one\"$(printf ', %s' "$@")}}}"
}

run() {
  write_config <<TOML
[provider.cf]
type = "cloudflare"
token = { file = "$CLOUDFLARE_DIR/token" }
url = "http://$CLOUDFLARE_API/client/v4"
zones = ["$OPERATOR_ZONE"]
$extra

$(certificate one "$OPERATOR_ZONE" "*.$OPERATOR_ZONE")
TOML
  ACMED_ARGUMENTS=(--verbose)
  acmed_once
  expect_no_secret "$WORK/acmed.out"
}

expect_sentence() { # expect_sentence WHAT REGEX
  run
  expect_equal "$1: exit status" "$STATUS" 1
  expect_match "$1" "$(grep '^failed: one:' <<<"$OUTPUT" || true)" "$2"
}

edit="\"edit\": [\"$OPERATOR_ZONE\"]"
admin_cloudflare set --data '{"tokens": {}}'
expect_sentence "an unknown token" 'provider cf: Cloudflare refuses to list zones \(9109: Invalid access token\)'
give "$edit"
expect_sentence "no permission to read zones" 'provider cf: .*list zones.*the permission Zone / Zone / Read for '"$OPERATOR_ZONE"
give "$edit" '"read": ["else.test"]'
expect_sentence "a token for another zone" "provider cf: its token sees no zone .* that holds _acme-challenge.$OPERATOR_ZONE"
give '"read": "*"'
expect_sentence "no permission to edit" "provider cf: .*TXT records of zone $OPERATOR_ZONE .*Zone / DNS / Edit for $OPERATOR_ZONE"
give "$edit"
extra="zone_id = \"$(openssl rand -hex 16)\""
expect_sentence "another zone's id" "provider cf: .*TXT records of zone $OPERATOR_ZONE .*10000"

# The least that is enough: the id of the zone, and the permission to edit it.
extra="zone_id = \"$(python3 -c '
import json, sys
zones = json.load(open(sys.argv[1]))["zones"]
print(*[zone["id"] for zone in zones if zone["name"] == sys.argv[2] and zone["status"] == "active"])' \
  "$CLOUDFLARE_DIR/settings.json" "$OPERATOR_ZONE")\""
admin_cloudflare reset --data '{}'
run
expect_equal "with a zone id: exit status" "$STATUS" 0
expect_issued one "$OPERATOR_ZONE" "*.$OPERATOR_ZONE"
expect_equal "with a zone id: listings of zones" "$(admin_cloudflare counts | grep -c 'GET /zones"' || true)" 0
expect_equal "what is left" "$(control values "_acme-challenge.$OPERATOR_ZONE")" ""
# A token for this zone alone, which some day could not list it.
extra=
give "$edit" "\"read\": [\"$OPERATOR_ZONE\"]" '"lists": false'
rm -rf "$STATE"
run
expect_equal "with a token for one zone: exit status" "$STATUS" 0
expect_issued one "$OPERATOR_ZONE" "*.$OPERATOR_ZONE"
