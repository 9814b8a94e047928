#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed-haproxy has a running HAProxy serve a renewal, in the same process; what it refuses changes nothing.
source "$(dirname "$0")/hooks.sh"
needs haproxy openssl
begin

cat "$WORK/1/fullchain.pem" "$WORK/1/privkey.pem" >"$WORK/site.pem"
cat >"$WORK/haproxy.cfg" <<CONF
global
  stats socket $WORK/admin.sock mode 600 level admin
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend site
  bind 127.0.0.1:8443 ssl crt $WORK/site.pem
  http-request return status 200
CONF
haproxy -f "$WORK/haproxy.cfg" -db >"$WORK/haproxy.log" 2>&1 &
trap 'kill %1; rm -rf "$WORK"' EXIT

# shellcheck disable=SC2317 # eventually calls them
served() { openssl s_client -connect 127.0.0.1:8443 -servername www.example.test </dev/null 2>/dev/null | openssl x509 -noout -serial 2>/dev/null | cut -d= -f2; }
# shellcheck disable=SC2317
serves() { [[ $(served) == "$(serial_of "$WORK/$1/fullchain.pem")" ]]; }
expect_success "HAProxy serves what it was started with" eventually 10 serves 1
succeeds "the renewal is taken" 2 acmed-haproxy --socket "$WORK/admin.sock" --certificate "$WORK/site.pem"
expect_success "HAProxy serves the renewal" eventually 5 serves 2

fails "a name that it does not have" 'does not take the certificate' 1 acmed-haproxy --socket "$WORK/admin.sock" --certificate /other.pem
cp "$WORK/1/privkey.pem" "$WORK/2/privkey.pem"
fails "a key of another certificate" 'does not (take|use)|inconsistencies' 2 acmed-haproxy --socket "$WORK/admin.sock" --certificate "$WORK/site.pem"
expect_success "HAProxy goes on with what it had" serves 2
fails "a name that would be a command" 'does not take' 1 acmed-haproxy --socket "$WORK/admin.sock" --certificate "x;show info"
fails "nobody there" 'is not reached' 1 acmed-haproxy --socket "$WORK/none.sock" --certificate "$WORK/site.pem"
finish
