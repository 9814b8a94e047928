#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Twenty certificates of a user without rights (`daemon`), one target in the defaults: acmed-deploy brings the copies into a folder of root's, and
# the service manager is asked once for a reload. A key that stays in a PKCS #11 token is deployed by it, too, without any file of a key.
# shellcheck source=../unprivileged.sh
source "$(dirname "$0")/../unprivileged.sh"
: "${MANAGER:?set it to the path of the service manager that cases have}"

start_unprivileged_lab LAB_ZONES="example.test"

config() { # config KEY_TYPE [FURTHER CERTIFICATES]
  local i blocks=
  for i in {1..20}; do blocks+=$(certificate "c$i" "h$i.example.test")$'\n'"key_type = \"$1\""$'\n\n'; done
  write_config <<TOML
$(primary_provider)
[[defaults.deploy]]
name = "web"
directory = "$TLS"
files = { fullchain = "{name}.pem" }
mode = 0o600
reload = ["nginx.service"]

$blocks
${2:-}
TOML
}
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$WORK/bus
"$MANAGER" "$WORK/bus" "$WORK/calls" &
OPERATOR_PIDS+=($!)
expect_eventually "the service manager is there" 5 test -S "$WORK/bus"
config ecdsa-p256
start_deploy_helper -E DBUS_SYSTEM_BUS_ADDRESS
# Who is nobody on the bus may ask nothing: it is the helper that asks.
RUNNER=(env -u DBUS_SYSTEM_BUS_ADDRESS "${RUNNER[@]}")

reloads() { cat "$WORK/calls" 2>/dev/null || true; }
same_copies() { local i; for i in {1..20}; do cmp -s "$TLS/c$i.pem" "$STATE/live/c$i/fullchain.pem" || return 1; done; }

acmed_once
expect_equal "exit status" "$STATUS" 0
expect_success "each certificate has its copy" same_copies
expect_equal "owners and modes" "$(stat -c '%U %a' "$TLS"/*.pem | sort -u)" "root 600"
expect_equal "reloads" "$(reloads)" "ReloadOrTryRestartUnit nginx.service replace"

echo "--- all are renewed at once"
config ecdsa-p384
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_success "each certificate has its copy" same_copies
expect_equal "reloads in all" "$(reloads | wc -l)" 2
expect_equal "journals" "$(find "$WORK/helper" -name '*.json')" ""

echo "--- a key in a token"
module=/usr/lib/softhsm/libsofthsm2.so
engine=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')/pkcs11.so
if [[ -e $module && -e $engine ]] && command -v softhsm2-util pkcs11-tool >/dev/null; then
  mkdir -m 0700 "$WORK/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\n' "$WORK/tokens" >"$WORK/softhsm2.conf"
  export SOFTHSM2_CONF="$WORK/softhsm2.conf"
  softhsm2-util --init-token --free --label acmed --so-pin 56785678 --pin 47114711 >/dev/null
  pkcs11-tool --module "$module" --token-label acmed --login --pin 47114711 --keypairgen --key-type EC:prime256v1 --label web --id 01 >/dev/null 2>&1
  chown -R daemon "$WORK/tokens"
  (umask 077 && echo 47114711 >"$WORK/pin")
  chown daemon "$WORK/pin"
  config ecdsa-p384 "$(certificate inside inside.example.test)
key = \"pkcs11:token=acmed;object=web?module-path=$module\"
pin = { file = \"$WORK/pin\" }"
  acmed_once
  expect_equal "exit status" "$STATUS" 0
  expect_success "root's folder has the certificate" cmp "$TLS/inside.pem" "$STATE/live/inside/fullchain.pem"
  expect_equal "its key is the token's" "$(openssl x509 -in "$TLS/inside.pem" -noout -pubkey)" \
    "$(pkcs11-tool --module "$module" --token-label acmed --read-object --type pubkey --label web 2>/dev/null | openssl pkey -pubin -inform DER -pubout)"
  expect_equal "files with that key" "$(grep -rl 'PRIVATE KEY' "$STATE/certificates/inside" "$TLS" || true)" ""
  expect_equal "reloads in all" "$(reloads | wc -l)" 3
else
  echo "  (no SoftHSM here)"
fi
