#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each example of packaging/examples as it stands there, but for names and places: --check accepts it, and what it says is issued and deployed.
OPERATOR=acme_dns
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"
[[ $EUID == 0 ]] || { echo "needs root: the examples give files to other users"; trap - EXIT; exit 77; }

EXAMPLES=$LAB_HOME/../../packaging/examples
SEEN=0

# What differs between the world and the lab: the CA, the primary, the acme-dns server, folders, users, and programs that are noted in calls.
example() { # example NAME [SED EXPRESSION]: into $CONFIG
  local ca
  ca="directory = \"$LAB_ACME_DIRECTORY\"\ntrust = \"$LAB_CA_BUNDLE\"\neab = { kid = \"$LAB_EAB_KID\", hmac_key = { file = \"/etc/acmed/eab.key\" } }"
  STATE=$WORK/state-$1
  rm -f "$WORK/calls" "$WORK/runs"
  {
    printf 'state_directory = "%s"\n' "$STATE"
    sed -E -e '/^(directory = "https:|eab = )/d' -e "s|^(\[ca\..*)|\1\n$ca|" -e "s/ns1\.example\.com/$LAB_PRIMARY/; s/example\.com/example.test/g" \
      -e "s|https://auth.example.net|http://$OPERATOR_ADDRESS|; s/auth\.example\.net/$OPERATOR_ZONE/" \
      -e "s/^(owner|group|  owner|  group) = \"(postgres|app|haproxy|mosquitto)\"/\1 = \"daemon\"/" \
      -e "s|\"/usr/sbin/nginx\"|\"$WORK/noted\"|; s|\"/usr/lib/acmed/hooks/acmed-push-ssh\"|\"$WORK/noted\"|; s|\"/etc/|\"$WORK/etc/|g" \
      -e "${2:-}" "$EXAMPLES/$1.toml"
    printf '\n[propagation]\nresolvers = ["%s"]\n' "$LAB_RESOLVER"
  } >"$CONFIG"
  echo "--- $1"
  SEEN=$((SEEN + 1))
  expect_success "--check accepts it" "$ACMED" --config "$CONFIG" --check --quiet
}

deployed() { # deployed NAME [SED EXPRESSION]: and is left alone by the next run
  example "$@"
  acmed_once
  expect_equal "exit status" "$STATUS" 0
  mv "$WORK/calls" "$WORK/first-calls" 2>/dev/null || : >"$WORK/first-calls"
  acmed_once
  expect_equal "what the next run does" "$(cat "$WORK/calls" 2>/dev/null)" ""
}
units() { sort "$WORK/first-calls" | paste -sd ';'; }
rights() { stat -c '%U %G %a' "$1"; }

start_operator_lab LAB_EAB=1
chmod 755 "$WORK" # other users look at their files
mkdir -p "$WORK"/etc/{acmed,ssl/postgresql,haproxy/tls,nginx/tls,app/tls}
(
  umask 077
  cp "$LAB_TSIG_FILE" "$WORK/etc/acmed/bind.tsig"
  echo "$LAB_EAB_HMAC" >"$WORK/etc/acmed/eab.key"
  echo "changeit" >"$WORK/etc/acmed/keystore.password"
)
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$*" >>%s\ncat >/dev/null\n' "$WORK/runs" >"$WORK/noted"
chmod 755 "$WORK/noted"
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$WORK/bus
"$MANAGER" "$WORK/bus" "$WORK/calls" &
OPERATOR_PIDS+=($!)
expect_eventually "the service manager is there" 5 test -S "$WORK/bus"

deployed two-services
expect_issued example.test example.test '*.example.test'
expect_equal "units" "$(units)" "ReloadOrTryRestartUnit nginx.service replace;ReloadOrTryRestartUnit postfix.service replace"

python3 "$LAB_HOME/../fakes/starttls_server.py" "$WORK/etc/ssl/postgresql/fullchain.pem" "$WORK/etc/ssl/postgresql/privkey.pem" postgres:5432 \
  2>"$WORK/server.out" &
OPERATOR_PIDS+=($!)
deployed postgresql
expect_equal "PostgreSQL's key" "$(rights "$WORK/etc/ssl/postgresql/privkey.pem")" "daemon root 400"

deployed haproxy
expect_equal "HAProxy's file" "$(rights "$WORK/etc/haproxy/tls/shop.pem")" "root daemon 640"
expect_equal "what is in it" "$(grep -c BEGIN "$WORK/etc/haproxy/tls/shop.pem")" 3

deployed key-group
expect_equal "the key in live/" "$(rights "$STATE/live/mqtt/privkey.pem")" "root daemon 640"

deployed rsa-beside-ecdsa
expect_match "one key" "$(openssl x509 -in "$STATE/live/www/cert.pem" -noout -text)" 'prime256v1'
expect_match "the other" "$(openssl x509 -in "$STATE/live/www.rsa/cert.pem" -noout -text)" '2048 bit'
expect_equal "one reload for both" "$(units)" "ReloadOrTryRestartUnit nginx.service replace"

more=$(printf '[[certificate]]\\ndomains = ["h%s.example.test"]\\n\\n' {1..38})
deployed many-certificates "\$a $more"
expect_equal "copies" "$(find "$WORK/etc/nginx/tls" -name '*.key' | wc -l)" 40
expect_equal "one's key and chain" "$(rights "$WORK/etc/nginx/tls/h7.example.test.key"), $(rights "$WORK/etc/nginx/tls/h7.example.test.pem")" \
  "root root 600, root root 644"
expect_equal "one reload for forty" "$(units)" "ReloadOrTryRestartUnit nginx.service replace"
expect_equal "one test" "$(cat "$WORK/runs")" "-t"

example eab-acme-dns
acmed_once
expect_match "the first try tells the record" "$OUTPUT" '_acme-challenge\.app\.example\.test\. CNAME'
record=$(grep -oE '_acme-challenge\.app\.example\.test\. CNAME [^ ]+\.operator\.test\.' <<<"$OUTPUT" | tail -n 1)
printf 'zone example.test\nupdate add _acme-challenge.app.example.test. 60 CNAME %s\nsend\n' "${record##* }" | lab nsupdate
acmed_once
expect_equal "exit status with it" "$STATUS" 0
expect_issued app app.example.test

deployed staging
expect_issued try.example.test try.example.test

deployed three-hosts
expect_equal "the hook was run for each host" "$(grep -oE 'acmed@web[123]' "$WORK/runs" | sort | paste -sd ' ')" "acmed@web1 acmed@web2 acmed@web3"

deployed java
expect_equal "the key store" "$(rights "$WORK/etc/app/tls/keystore.p12")" "daemon root 400"
expect_success "it opens with its password" openssl pkcs12 -in "$WORK/etc/app/tls/keystore.p12" -passin pass:changeit -noout
expect_equal "units" "$(units)" "TryRestartUnit app.service replace"

expect_equal "examples that are tested" "$SEEN" "$(find "$EXAMPLES" -name '*.toml' | wc -l)"
