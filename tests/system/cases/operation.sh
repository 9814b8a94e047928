# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# operation - what an administrator does in the years after: reloads, mistakes, crashes, repairs, an upgrade, a boot without DNS, removal.
VALIDITY=40

boot_1() {
  local before
  newcomer_until_first_certificate "$VALIDITY"

  cat >>/etc/acmed/acmed.toml <<'TOML'

[[certificate]]
name = "rsa"
domains = ["example.test"]
key_type = "rsa-2048"
TOML
  systemctl start --no-block acmed-ready@rsa.service
  expect_eventually "who needs its first certificate waits" 5 is_waiting acmed-ready@rsa.service
  expect_success "systemctl reload acmed" systemctl reload acmed
  expect_eventually "the certificate that was added is there" 10 test -s /var/lib/acmed/live/rsa/cert.pem
  expect_eventually "who waited for it goes on" 10 is_active acmed-ready@rsa.service
  echo "domians = []" >>/etc/acmed/acmed.toml
  expect_success "a reload says by its exit status that the file is wrong" refused systemctl reload acmed
  expect_success "acmed goes on" is_active acmed
  expect_match "the log says what is wrong" "$(log)" 'there is no such key; did you mean domains'
  sed -i '$d' /etc/acmed/acmed.toml
  expect_success "systemctl reload acmed with the right file" systemctl reload acmed

  reload_with_credential

  printf '[Service]\nType=oneshot\nExecStart=/bin/touch /run/renewed\n' >/etc/systemd/system/acmed-renewed@example.test.service
  systemctl daemon-reload
  systemctl enable --quiet --now acmed-renewed@example.test.path
  rm -f /run/renewed
  before=$(property acmed MainPID)
  kill -9 "$before"
  expect_eventually "after a crash acmed is started again" 20 is_started_anew "$before"
  before=$(served -noout -serial)
  expect_eventually "and renews" $((2 * VALIDITY)) has_renewed "$before"
  expect_eventually "a unit that watches the certificate is started" 10 test -e /run/renewed

  # The key is taken away, the certificate comes to be renewed and fails, the key is brought back: nobody waits for the next try.
  mv /etc/bind/acmed.key /etc/bind/acmed.key.away
  sed 's/secret ".*"/secret "bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBrZXkgYnV0IG9uZQ=="/' /etc/bind/acmed.key.away |
    install -o acmed -m 0400 /dev/stdin /etc/acmed/bind.tsig
  expect_eventually "the failure is told" $((2 * VALIDITY)) is_told 'example.test: not issued.*finds the signature wrong'
  mv /etc/bind/acmed.key.away /etc/bind/acmed.key
  install -o acmed -m 0400 /etc/bind/acmed.key /etc/acmed/bind.tsig
  before=$(served -noout -serial)
  systemctl restart acmed
  expect_eventually "after the repair a restart tries at once" 10 has_renewed "$before"

  without_helper

  before=$(property acmed MainPID)
  upgrade
  expect_equal "upgraded" "$(dpkg-query --show --showformat '${Version}' acmed)" "99.0"
  expect_eventually "an upgrade restarts it" 10 is_started_anew "$before"
  expect_success "it is still enabled" systemctl is-enabled --quiet acmed
  expect_equal "owner of the private key" "$(stat -L -c '%U %G %a' /var/lib/acmed/live/example.test/privkey.pem)" "acmed acmed-certs 640"
  expect_match "what was configured stays" "$(cat /etc/acmed/acmed.toml)" 'rsa-2048'
  sync
}

# The next boot is without any DNS: nothing that was started by hand is there.
boot_2() {
  expect_eventually "acmed is up without DNS" 10 is_active acmed
  expect_success "so is nginx, with the files that it has" is_active nginx
  apt-get remove --yes acmed >/dev/null
  expect_success "a removed acmed has stopped" refused pgrep -x acmed
  expect_success "its certificates stay" test -s /var/lib/acmed/live/example.test/privkey.pem
  expect_success "its configuration stays" test -s /etc/acmed/acmed.toml
  apt-get install /srv/package/acmed_*.deb >/dev/null 2>&1
  expect_success "installed again it is enabled as before" systemctl is-enabled --quiet acmed
  apt-get purge --yes acmed >/dev/null
  expect_success "purged, its configuration is gone" refused test -e /etc/acmed/acmed.toml
  expect_success "what services may be using stays" test -s /var/lib/acmed/live/example.test/privkey.pem
}

# What systemd runs for a reload may not read the credentials that it laid for the service.
reload_with_credential() {
  install -d /etc/systemd/system/acmed.service.d
  printf '[Service]\nLoadCredential=tsig:/etc/acmed/bind.tsig\n' >/etc/systemd/system/acmed.service.d/credential.conf
  cp -p /etc/acmed/acmed.toml /srv/before_credential
  sed -i 's|file = "/etc/acmed/bind.tsig"|credential = "tsig"|' /etc/acmed/acmed.toml
  systemctl daemon-reload
  systemctl restart acmed
  expect_success "a reload with a secret that is a credential" systemctl reload acmed
  echo "domians = []" >>/etc/acmed/acmed.toml
  expect_success "which still tells what is wrong" refused systemctl reload acmed
  expect_success "a service that waits needs no secret" systemctl restart acmed-ready@example.test
  cp -p /srv/before_credential /etc/acmed/acmed.toml
  rm /etc/systemd/system/acmed.service.d/credential.conf
  systemctl daemon-reload
  systemctl restart acmed
}

# As docs/deployment.md says for hosts where nothing shall be done as root.
without_helper() {
  local before
  before=$(served -noout -serial)
  systemctl disable --quiet --now acmed-deploy.socket
  sed -i '0,/^domains/s//key_type = "ecdsa-p384"\n&/' /etc/acmed/acmed.toml
  systemctl restart acmed
  expect_eventually "without acmed-deploy and without a rule a reload is refused, and told" 20 is_told 'have acmed-deploy do it'
  install -m 0644 /usr/share/doc/acmed/50-acmed.rules /etc/polkit-1/rules.d/
  systemctl restart polkit
  systemctl reload acmed
  expect_eventually "polkit's rule lets acmed have nginx reloaded" 20 has_renewed "$before"
  expect_success "acmed may not stop nginx" refused runuser -u acmed -- systemctl stop nginx
  expect_success "acmed may not reload what is not named" refused runuser -u acmed -- systemctl reload named
  expect_success "nobody else may reload nginx" refused runuser -u nobody -- systemctl reload nginx
}

log() { journalctl --unit acmed --no-pager --output cat; }
is_waiting() { [[ $(property "$1" ActiveState) == activating ]]; }
is_told() { log | tail -n 20 | grep -qE "$1"; }
is_started_anew() { is_active acmed && [[ $(property acmed MainPID) != "$1" ]]; } # is_started_anew PID

upgrade() { # to the same package with a higher version
  local work
  work=$(mktemp -d)
  dpkg-deb --raw-extract /srv/package/acmed_*.deb "$work"
  sed -i 's/^Version: .*/Version: 99.0/' "$work/DEBIAN/control"
  dpkg-deb --build -Znone "$work" /tmp/newer.deb >/dev/null
  apt-get install /tmp/newer.deb >/dev/null 2>&1
}
