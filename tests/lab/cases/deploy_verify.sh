#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# nginx has to serve the new certificate before a deployment counts. Where it goes on with the former one, since nobody reloaded it,
# the former copies are put back.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
mkdir "$WORK/tls" "$WORK/nginx"
cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx/pid;
error_log $WORK/nginx/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $WORK/nginx/a;
  proxy_temp_path $WORK/nginx/b;
  fastcgi_temp_path $WORK/nginx/c;
  uwsgi_temp_path $WORK/nginx/d;
  scgi_temp_path $WORK/nginx/e;
  server {
    listen 127.0.0.1:8443 ssl;
    ssl_certificate $WORK/tls/site.pem;
    ssl_certificate_key $WORK/tls/site.pem;
  }
}
CONF
NGINX=(/usr/sbin/nginx -c "$WORK/nginx.conf" -e "$WORK/nginx/error.log")
cat >"$WORK/hook" <<HOOK
#!/bin/sh
[ ! -e "$WORK/asleep" ] || exit 0
if [ -s "$WORK/nginx/pid" ]; then exec ${NGINX[*]} -s reload; fi
${NGINX[*]} >/dev/null 2>&1 &
HOOK
chmod 755 "$WORK/hook"
key_type=ecdsa-p256
config() {
  write_config <<TOML
$(primary_provider)
$(certificate site www.example.test)
key_type = "$key_type"
  [[certificate.deploy]]
  name = "nginx"
  directory = "$WORK/tls"
  files = { combined = "site.pem" }
  mode = 0o600
  test = ["/usr/sbin/nginx", "-t", "-q", "-c", "$WORK/nginx.conf", "-e", "$WORK/nginx/error.log"]
  post_hook = ["$WORK/hook"]
  verify = { connect = "localhost:8443" }
  timeout = "5s"
TOML
}
served() { openssl s_client -connect 127.0.0.1:8443 -servername www.example.test </dev/null 2>/dev/null | openssl x509 -noout -serial | cut -d= -f2; }
config
acmed_once
OPERATOR_PIDS+=("$(cat "$WORK/nginx/pid")")
expect_equal "exit status" "$STATUS" 0
expect_equal "what nginx serves" "$(served)" "$(serial site)"

key_type=ecdsa-p384
config
acmed_once
expect_equal "exit status of a renewal" "$STATUS" 0
is_served() { [[ $(served) == "$(serial site)" ]]; }
expect_eventually "nginx serves it" 10 is_served # a worker that is on its way out may take a connection still

touch "$WORK/asleep"
former=$(serial site)
key_type=ecdsa-p256
config
acmed_once
expect_equal "exit status when nginx is not reloaded" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" "localhost:8443 does not present the new certificate, serial .*, asked for www.example.test: it presents the one with serial ${former,,}.*the former files are back"
expect_equal "what the copy is" "$(openssl x509 -in "$WORK/tls/site.pem" -noout -serial | cut -d= -f2)" "$former"
rm "$WORK/asleep"
acmed_once
expect_equal "exit status after the mend" "$STATUS" 0
expect_eventually "nginx serves it at last" 10 is_served
