#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A renewed certificate is deployed on a disk that forgets what was not synced. acmed loses its life at each sync and all is
# forgotten (`sync`) or the first of the changes alone (`reordered`, and `moved` where a file can have no second name), or after each rename with nothing forgotten (`rename`).
# Whatever was to be seen at the target then, the next run leads to the former pair when the target's test fails, and to
# the new one when it does not.
#
#   deploy.sh sync|reordered|moved|rename
# shellcheck source=disk.sh
source "$(dirname "$0")/disk.sh"

MOMENT=$1
MOST_STEPS=100
KEY_TYPE=ecdsa-p256

dies_at() { # dies_at STEP
  case $MOMENT in
    sync) dies "$FORGETFUL_DISK" ACMED_TEST_KILL_BEFORE_SYNC="$1" ;;
    moved) dies "$FORGETFUL_DISK" ACMED_TEST_KILL_BEFORE_SYNC="$1" ACMED_TEST_DISK_LOSES=first ACMED_TEST_DISK_LINKS=none ;;
    reordered) dies "$FORGETFUL_DISK" ACMED_TEST_KILL_BEFORE_SYNC="$1" ACMED_TEST_DISK_LOSES=first ;;
    rename) dies "$KILL_AT_RENAME" ACMED_TEST_KILL_AT="$1" ;;
    *) die "no moment $MOMENT" ;;
  esac
}

config() {
  write_config <<TOML
$(primary_provider)
$(certificate site example.test)
  key_type = "$KEY_TYPE"
  [[certificate.deploy]]
  name = "web"
  directory = "$TARGET"
  files = { fullchain = "site.pem", privkey = "site.key" }
  test = ["/usr/bin/test", "!", "-e", "$WORK/fail"]
TOML
}

pair() { cat "$1" "$2" | sha256sum; } # pair CERTIFICATE KEY
deployed() { pair "$TARGET/site.pem" "$TARGET/site.key"; }
journal() { find "$STATE/deployments" -name '*.json'; }
is_new() { cmp -s "$TARGET/$1" "$STATE/live/site/$2"; }

expect_sound_target() { # expect_sound_target STEP: right after the crash
  case $MOMENT in
    sync) expect_success "$1: the target has a pair" is_pair "$TARGET/site.pem" "$TARGET/site.key" ;;
    rename)
      # Two files are not switched at once; of the two mixtures one is allowed.
      if is_new site.key privkey.pem; then
        expect_success "$1: the new key is beside its certificate" is_new site.pem fullchain.pem
      fi
      ;;
  esac
}

start_lab LAB_ZONES=example.test
mkdir -p "$TARGET"
config
acmed_once
expect_equal "exit status before" "$STATUS" 0
former=$(deployed)

# The next generation is issued; its deployment stands out.
touch "$WORK/fail"
KEY_TYPE=ecdsa-p384
config
acmed_once
expect_equal "exit status of a deployment that is refused" "$STATUS" 1
new=$(pair "$STATE/live/site/fullchain.pem" "$STATE/live/site/privkey.pem")
expect_different "the live pair is a new one" "$new" "$former"
expect_equal "the target has the former pair" "$(deployed)" "$former"
cp -a "$DISK" "$WORK/before"

crash_at() { # crash_at STEP: false when acmed got to its end first
  local wanted=$former
  rm -rf "$DISK"
  cp -a "$WORK/before" "$DISK"
  dies_at "$1"
  acmed_once
  lives
  expect_sound "$1"
  expect_sound_target "$1"
  [[ $STATUS == 137 ]] || return 1
  # When the journal is gone, there is no way back from what is there.
  if [[ -z $(journal) && $(deployed) == "$new" ]]; then wanted=$new; fi
  touch "$WORK/fail"
  acmed_once
  expect_equal "$1: what the target has after a failed test" "$(deployed)" "$wanted"
  rm "$WORK/fail"
  acmed_once
  expect_equal "$1: exit status" "$STATUS" 0
  expect_equal "$1: the target has the new pair" "$(deployed)" "$new"
  expect_equal "$1: leftovers" "$(leftovers)" ""
}

for result in succeeds fails; do
  for ((step = 1; step <= MOST_STEPS; step++)); do
    echo "--- $MOMENT $step, the target's test $result"
    if [[ $result == fails ]]; then touch "$WORK/fail"; else rm -f "$WORK/fail"; fi
    crash_at "$step" || break
  done
  expect_equal "the target has its pair" "$(deployed)" "$(if [[ $result == fails ]]; then echo "$former"; else echo "$new"; fi)"
  expect_equal "a journal of what is over" "$(journal)" ""
  expect_at_most "steps, at least 5 of them" 5 "$((step - 1))"
done
