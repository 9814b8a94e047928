# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# services - the key as each service wants it: PostgreSQL has its own, which nobody else reads; Postfix and Dovecot have theirs reloaded; each
# is asked which certificate it presents (STARTTLS). Groups of readers, one for each certificate; rights that systemd, or a backup that was
# restored by a tool that follows links and forgets rights, has changed.
VALIDITY=3600

boot_1() {
  newcomer_until_first_certificate "$VALIDITY"
  three_services
  groups_of_readers
  restored_backup
}

three_services() {
  POSTGRESQL=$(ls /etc/postgresql) # its version
  POSTFIX=postfix.service
  # Debian 12 has an instance beside it, which does the work.
  ! grep -q 'Type=oneshot' /usr/lib/systemd/system/postfix.service || POSTFIX=postfix@-.service
  local port service old
  install -d /etc/ssl/postgresql /etc/postfix/tls /etc/dovecot/tls
  printf "ssl_cert_file = '/etc/ssl/postgresql/fullchain.pem'\nssl_key_file = '/etc/ssl/postgresql/privkey.pem'\n" \
    >"/etc/postgresql/$POSTGRESQL/main/conf.d/tls.conf"
  postconf -e smtpd_tls_cert_file=/etc/postfix/tls/fullchain.pem smtpd_tls_key_file=/etc/postfix/tls/privkey.pem smtpd_tls_security_level=may \
    inet_protocols=ipv4
  configure_dovecot >/etc/dovecot/local.conf
  configure_services ecdsa-p256
  systemctl reload acmed
  expect_eventually "each has its files" 30 all_files
  # They start while acmed waits for them: none can start before.
  systemctl start "postgresql@$POSTGRESQL-main" "$POSTFIX" dovecot
  expect_eventually "all are deployed" 60 are_deployed 1
  expect_equal "PostgreSQL's key" "$(stat -c '%U %G %a' /etc/ssl/postgresql/privkey.pem)" "postgres root 400"

  echo "--- a renewal"
  old=$(in_service services)
  configure_services ecdsa-p384
  systemctl reload acmed
  expect_eventually "all are deployed anew" 60 are_deployed 2
  expect_different "it is another certificate" "$(in_service services)" "$old"
  for service in postgres:5432 smtp:25 imap:143; do
    port=${service#*:} service=${service%:*}
    expect_equal "what $service presents" "$(presented "$service" "$port")" "$(in_service services)"
  done
  expect_equal "PostgreSQL's key" "$(stat -c '%U %G %a' /etc/ssl/postgresql/privkey.pem)" "postgres root 400"

  echo "--- a service that goes on with the old one"
  old=$(presented imap 143)
  sed -i 's|/etc/dovecot/tls/|/etc/dovecot/old/|' /etc/dovecot/local.conf
  cp -rp /etc/dovecot/tls /etc/dovecot/old
  configure_services rsa-2048
  systemctl reload acmed
  expect_eventually "it is told what it presents" 90 is_told 'target dovecot: .*(serial|presents)'
  expect_equal "it presents the old one" "$(presented imap 143)" "$old"
  expect_eventually "the others have the new one" 30 presents_new postgres 5432
  systemctl stop "postgresql@$POSTGRESQL-main" "$POSTFIX" dovecot
}

configure_dovecot() {
  if [[ $(dovecot --version) == 2.4* ]]; then
    printf 'ssl = yes\nssl_server_cert_file = /etc/dovecot/tls/fullchain.pem\nssl_server_key_file = /etc/dovecot/tls/privkey.pem\n'
  else
    printf 'ssl = yes\nssl_cert = </etc/dovecot/tls/fullchain.pem\nssl_key = </etc/dovecot/tls/privkey.pem\n'
  fi
}

configure_services() { # configure_services KEY_TYPE: another one makes the certificate due
  sed -i '/^# services/,$d' /etc/acmed/acmed.toml
  cat >>/etc/acmed/acmed.toml <<TOML
# services
[[certificate]]
name = "services"
domains = ["*.example.test"]
key_type = "$1"

  [[certificate.deploy]]
  name = "postgresql"
  directory = "/etc/ssl/postgresql"
  owner = "postgres"
  mode = 0o400
  reload = ["postgresql@$POSTGRESQL-main.service"]
  verify = { connect = "127.0.0.1:5432", starttls = "postgres" }

  [[certificate.deploy]]
  name = "postfix"
  directory = "/etc/postfix/tls"
  reload = ["$POSTFIX"]
  verify = { connect = "127.0.0.1:25", starttls = "smtp" }

  [[certificate.deploy]]
  name = "dovecot"
  directory = "/etc/dovecot/tls"
  reload = ["dovecot.service"]
  verify = { connect = "127.0.0.1:143", starttls = "imap" }
  timeout = "20s"
TOML
}

all_files() { [[ -s /etc/ssl/postgresql/privkey.pem && -s /etc/postfix/tls/privkey.pem && -s /etc/dovecot/tls/privkey.pem ]]; }
are_deployed() { # are_deployed TIMES
  local target
  for target in postgresql postfix dovecot; do (($(log | grep -c "services: deployed to $target") >= $1)) || return 1; done
}
presented() { # presented PROTOCOL PORT
  openssl s_client -connect "127.0.0.1:$2" -starttls "$1" -servername a.example.test </dev/null 2>/dev/null | openssl x509 -noout -serial
}
presents_new() { [[ $(presented "$1" "$2") == "$(in_service services)" ]]; }

groups_of_readers() {
  local key=/var/lib/acmed/live/shared/privkey.pem
  echo "--- groups of readers"
  usermod -aG acmed-certs "$USER_NAME"
  sed -i '/^# services/,$d' /etc/acmed/acmed.toml
  cat >>/etc/acmed/acmed.toml <<'TOML'
[[certificate]]
name = "shared"
domains = ["*.example.test"]
key_type = "ecdsa-p521"
group = "www-data"
TOML
  acmectl reload # which makes no folder for the group
  expect_eventually "acmed says what is missing, at once" 20 is_told 'shared: .*sudo install -d -o acmed -g www-data -m 2700 /var/lib/acmed/groups/'
  expect_success "meanwhile nobody else reads the key" refused may_read "$USER_NAME" "$key"
  systemctl reload acmed
  expect_eventually "the key goes to its group, though acmed is no member of it" 10 has_rights "$key" "acmed www-data 640"
  expect_equal "acmed is in no group but those of the package" "$(id -Gn acmed)" "acmed acmed-certs"
  expect_success "its members read it" may_read www-data "$key"
  expect_success "who reads the other keys does not read this one" refused may_read "$USER_NAME" "$key"
  expect_success "but those" may_read "$USER_NAME" /var/lib/acmed/live/example.test/privkey.pem

  systemctl stop acmed
  chown -R acmed:acmed /var/lib/acmed # as systemd does where the folder had another owner
  chmod -R a+rX /var/lib/acmed
  systemctl start acmed
  expect_eventually "rights that were changed are put right" 10 has_rights "$key" "acmed www-data 640"
  expect_eventually "for the other key too" 10 has_rights /var/lib/acmed/live/example.test/privkey.pem "acmed acmed-certs 640"
  expect_success "nobody else reads an account's key" refused may_read nobody /var/lib/acmed/accounts
}

restored_backup() {
  local before key=/var/lib/acmed/live/example.test/privkey.pem
  echo "--- a backup is restored by a tool that follows links and forgets owners and modes"
  before=$(in_service example.test)
  systemctl stop acmed
  cp -rL --no-preserve=mode,ownership /var/lib/acmed /srv/backup
  rm -rf /var/lib/acmed
  cp -r /srv/backup /var/lib/acmed
  systemctl start acmed
  expect_eventually "the key has its rights" 20 has_rights "$key" "acmed acmed-certs 640"
  expect_success "live/ has links again" test -L /var/lib/acmed/live/example.test
  expect_equal "the certificate is the same: nothing was ordered" "$(in_service example.test)" "$before"
  expect_success "nobody else reads an account's key" refused may_read nobody /var/lib/acmed/accounts
  expect_equal "keys that others may read" "$(keys_for_others)" ""
  expect_success "nginx takes the files" systemctl reload nginx
  systemctl reload acmed
  expect_success "acmed goes on" is_active acmed
}

keys_for_others() {
  local key
  find /var/lib/acmed -name '*key*.pem' | while read -r key; do ! may_read nobody "$key" || echo "$key"; done
}
has_rights() { [[ $(stat -L -c '%U %G %a' "$1") == "$2" ]]; }
log() { journalctl --unit acmed --no-pager --output cat; }
is_told() { log | tail -n 40 | grep -qE "$1"; }
