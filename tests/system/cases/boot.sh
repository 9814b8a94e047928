# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# boot - a host that boots into a network without DNS, without resolv.conf even, and with a certificate that is due: when all that comes,
# acmed renews by itself. And one without a battery for its clock, which NTP sets after the boot.
VALIDITY=40

boot_1() {
  newcomer_until_first_certificate "$VALIDITY"
  in_service example.test >/srv/serial
  rm /etc/resolv.conf
  sync
}

boot_2() {
  local before
  before=$(cat /srv/serial)
  expect_eventually "acmed is up" 10 is_active acmed
  expect_success "so is nginx, with the files that it has" is_active nginx
  expect_eventually "that the certificate cannot be renewed is told" $((2 * VALIDITY)) is_told 'example.test: not issued'
  expect_equal "the old one stays" "$(in_service example.test)" "$before"
  "$SOURCE/tests/lab/lab" resume "$LAB"
  eval "$("$SOURCE/tests/lab/lab" env "$LAB")"
  echo "nameserver $LAB_RESOLVER" >/etc/resolv.conf
  # The first pause is a minute, or less for one that has ended.
  expect_eventually "when the DNS is there it is renewed, without being asked" 120 has_renewed "$before"
  expect_success "and trusted" is_trusted
  mkdir -p /etc/systemd/system/acmed.service.d
  cat >/etc/systemd/system/acmed.service.d/clock.conf <<UNIT
[Service]
Environment=LD_PRELOAD=/srv/build/tests/lab/libclock_ahead.so ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0
Environment=ACMED_TEST_CLOCK_AHEAD=-$((400 * 86400)) ACMED_TEST_CLOCK_RIGHT=/run/clock-is-right
UNIT
  sync
}

boot_3() { # to acmed the certificate seems to be one of the future
  local before
  expect_eventually "acmed is up" 10 is_active acmed
  before=$(in_service example.test)
  "$SOURCE/tests/lab/lab" resume "$LAB"
  eval "$("$SOURCE/tests/lab/lab" env "$LAB")"
  expect_equal "acmed has nothing to do" "$(in_service example.test)" "$before"
  touch /run/clock-is-right
  # It may have some of its life left: the CA suggests when to renew it.
  expect_eventually "when the clock is set it is renewed, without being asked" $((VALIDITY + 20)) has_renewed "$before"
  expect_success "and trusted" is_trusted
}

is_told() { journalctl --unit acmed --boot --no-pager --output cat | grep -qE "$1"; }
