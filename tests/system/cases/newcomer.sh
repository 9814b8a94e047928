# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# newcomer - from a bare host to nginx serving a certificate and its renewal, and away again, by the lines of README.md and nothing else.
VALIDITY=24

boot_1() {
  local before nginx
  before=$(leftovers)
  make_user
  start_world "$VALIDITY"
  start_named

  type_section "Install"
  expect_equal "acmed waits for its configuration" "$(systemctl is-enabled acmed) $(systemctl is-active acmed)" "disabled inactive"
  expect_equal "owner of /etc/acmed" "$(stat -c '%U %G %a' /etc/acmed)" "root acmed 2750"
  expect_success "nobody else looks into /etc/acmed" refused may_read nobody /etc/acmed/acmed.toml
  expect_match "--check says what to fill in" "$(runuser -u acmed -- acmed --check 2>&1)" 'no \[\[certificate\]\] yet'
  expect_equal "the groups of those who may look and change" "$(getent group acmed-view acmed-admin | wc -l)" 2

  type_section "The first certificate in five minutes"
  expect_first_certificate
  nginx=$(property nginx MainPID)
  expect_eventually "nginx serves the renewal" $((2 * VALIDITY)) has_renewed "$(served -noout -serial)"
  expect_success "it is a certificate of the CA" is_trusted
  expect_equal "nginx was reloaded, not restarted" "$(property nginx MainPID)" "$nginx"

  expect_equal "it can be asked" "$(curl -sS --unix-socket /run/acmed/control.sock http://acmed/v1/status | jq .certificates.total)" 1
  expect_equal "not by everybody" "$(runuser -u nobody -- curl -sS -o /dev/null -w '%{http_code}' --unix-socket /run/acmed/control.sock http://acmed/v1/status)" 403
  expect_match "--once as root has the service do it" "$(acmed --once 2>&1)" 'done by the acmed that runs'
  expect_match "as acmed's user, too" "$(runuser -u acmed -- acmed --once 2>&1)" '^all well: 1 certificate'

  type_section "Uninstall"
  expect_equal "what is left" "$(comm -13 <(echo "$before") <(leftovers))" ""
  expect_success "the user is gone" refused getent passwd acmed
  expect_success "the groups are gone" refused getent group acmed acmed-certs acmed-admin acmed-view
}

leftovers() { find /etc /usr /var -xdev -name '*acmed*' ! -path /etc/bind/acmed.key ! -path '/var/log/*' ! -path '/var/lib/private/*' | sort; }
