# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# others - what a newcomer types, and how long it takes, until nginx serves a first wildcard certificate and its renewal: by acmed's README.md,
# and by certbot and lego as their manuals say, in the same world. Not part of ctest:
#   ACMED_SYSTEM_PACKAGES="certbot python3-certbot-dns-rfc2136 lego" tests/system/run BUILD others
# Packages are installed already. Of each the same is counted: commands from making the key to nginx that serves, and files to be written.
VALIDITY=600

boot_1() {
  make_user
  start_world "$VALIDITY"
  start_named
  local begun
  begun=$(milliseconds)
  type_section "Install" >/dev/null
  type_section "The first certificate in five minutes" >/srv/typed
  expect_success "acmed: nginx serves it" eventually 10 is_trusted
  tell acmed "$(($(milliseconds) - begun))" "$(grep -c '^\$' /srv/typed)" "$(grep -c '^>' /srv/typed)"
  systemctl disable --quiet --now acmed
  by_certbot
  by_lego
}

tell() { # tell CLIENT MILLISECONDS COMMANDS FILES
  echo "$1: $3 commands, $4 files, nginx serves after $(($2 / 1000)).$(($2 % 1000 / 100)) s"
}

serve() { # serve CHAIN KEY
  sed -i "s|ssl_certificate .*|ssl_certificate $1;|; s|ssl_certificate_key .*|ssl_certificate_key $2;|" /etc/nginx/conf.d/example.test.conf
  systemctl reload nginx
}

secret() { sed -n 's/.*secret "\(.*\)";/\1/p' /etc/bind/acmed.key; }

# Beside the two files of BIND and nginx, and the three commands that make the key and reload the two: the secret's file, its mode, certbot.
by_certbot() {
  local begun before
  before=$(served -noout -serial)
  begun=$(milliseconds)
  install -m 0600 /dev/stdin /etc/letsencrypt/rfc2136.ini <<INI
dns_rfc2136_server = $LAB_PRIMARY
dns_rfc2136_name = acmed
dns_rfc2136_secret = $(secret)
dns_rfc2136_algorithm = HMAC-SHA256
INI
  REQUESTS_CA_BUNDLE=$LAB_CA_BUNDLE certbot certonly --quiet --non-interactive --agree-tos --register-unsafely-without-email \
    --server "$LAB_ACME_DIRECTORY" --dns-rfc2136 --dns-rfc2136-credentials /etc/letsencrypt/rfc2136.ini \
    -d example.test -d '*.example.test' --deploy-hook 'systemctl reload nginx' || failed "certbot"
  serve /etc/letsencrypt/live/example.test/fullchain.pem /etc/letsencrypt/live/example.test/privkey.pem
  expect_eventually "certbot: nginx serves it" 5 has_renewed "$before"
  tell certbot "$(($(milliseconds) - begun))" 5 3
}

# Beside the same: lego, and what runs it each day: a service and a timer that are written, and enabled.
by_lego() {
  local begun before
  before=$(served -noout -serial)
  begun=$(milliseconds)
  RFC2136_NAMESERVER=$LAB_PRIMARY RFC2136_TSIG_ALGORITHM=hmac-sha256. RFC2136_TSIG_KEY=acmed. RFC2136_TSIG_SECRET=$(secret) \
    LEGO_CA_CERTIFICATES=$LAB_CA_BUNDLE lego --path /etc/lego --server "$LAB_ACME_DIRECTORY" --accept-tos --email me@example.test \
    --dns rfc2136 --dns.resolvers "$LAB_RESOLVER" --domains example.test --domains '*.example.test' run >/srv/lego 2>&1 || failed "lego: $(tail -n 3 /srv/lego)"
  serve /etc/lego/certificates/example.test.crt /etc/lego/certificates/example.test.key
  expect_eventually "lego: nginx serves it" 5 has_renewed "$before"
  tell lego "$(($(milliseconds) - begun))" 5 4
}
