#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a disk that forgets what was not synced, acmed loses its life at each sync (`sync`), or at each packet of the CA before it
# is read (`answer`). Whatever the CA and the DNS know of is on the disk then, no reader of it meets half a thing, and the next
# run comes to a good end with the same account and the same order.
#
#   issue.sh sync|answer
# shellcheck source=disk.sh
source "$(dirname "$0")/disk.sh"

MOST_STEPS=${MOST_STEPS:-100}
DOMAINS=(example.test '*.example.test')

MOMENT=$1

dies_at() { # dies_at STEP
  case $MOMENT in
    sync) dies "$FORGETFUL_DISK" ACMED_TEST_KILL_BEFORE_SYNC="$1" ;;
    answer)
      local ca=${LAB_ACME_DIRECTORY#https://}
      dies "$FORGETFUL_DISK:$KILL_AT_ANSWER" ACMED_TEST_KILL_AT="$1" ACMED_TEST_KILL_PEER="${ca%/dir}"
      ;;
    *) die "no moment $MOMENT" ;;
  esac
}

start_lab LAB_ZONES=example.test
write_config <<TOML
$(primary_provider)
$(certificate site "${DOMAINS[@]}")
  [[certificate.deploy]]
  name = "web"
  directory = "$TARGET"
  files = { fullchain = "site.pem", privkey = "site.key" }
TOML

state() { jq -r "$1" "$STATE/certificates/site/state.json" 2>/dev/null || true; } # state FILTER

requests() { # what the CA was asked for in this step
  tail -c "+$((LOGGED + 1))" "$WORK/lab/log/pebble.out" | { grep -oE '(GET|HEAD|POST) /[^ /]+' || true; }
}

asked_for() { requests | grep -qx "POST /$1"; }

# What the CA was asked for, and what is on the disk: a crash that leads to the same as the one before shows nothing new.
world() {
  requests
  (cd "$DISK" && find . ! -path '*/.*.new' | sort)
}

expect_known() { # expect_known STEP: what the CA and the DNS have seen of us is on the disk
  local value
  if (($(ca_total accounts) > ACCOUNTS)); then
    expect_success "$1: the account's key is there" openssl pkey -noout -in "$(echo "$STATE"/accounts/*/key.pem)"
  fi
  if asked_for authZ; then
    expect_match "$1: the order is there, or what came of it" "$(state '.order.url, .issued.serial | strings')" .
  fi
  for value in $(txt "$LAB_PRIMARY" _acme-challenge.example.test); do
    expect_match "$1: the value in the DNS is there" "$(state '.values[].value')" "^${value//\"/}\$"
  done
  [[ ! -L $STATE/live/site ]] || expect_issued site "${DOMAINS[@]}"
  [[ $(state .issued.generation) != [0-9]* ]] ||
    expect_success "$1: the generation that was issued is whole" \
      is_pair "$STATE/certificates/site/000$(state .issued.generation)"/{fullchain,privkey}.pem
  if [[ -e $TARGET/site.pem ]]; then
    expect_success "$1: what is deployed is in service" cmp "$TARGET/site.pem" "$STATE/live/site/fullchain.pem"
  fi
}

expect_end() { # expect_end STEP ORDERS: of a run without a crash
  expect_equal "$1: exit status" "$STATUS" 0
  expect_issued site "${DOMAINS[@]}"
  expect_equal "$1: the target has the live pair" "$(cat "$TARGET"/site.{pem,key} | sha256sum)" \
    "$(cat "$STATE"/live/site/{fullchain,privkey}.pem | sha256sum)"
  expect_equal "$1: accounts" "$(($(ca_total accounts) - ACCOUNTS))" 1
  expect_at_most "$1: orders" "$(($(ca_total orders) - ORDERS))" "$2"
  expect_equal "$1: leftovers" "$(leftovers)" ""
  expect_no_txt example.test
}

before=
for ((step = 1; step <= MOST_STEPS; step++)); do
  echo "--- $MOMENT $step"
  rm -rf "$DISK"
  mkdir -p "$TARGET"
  ACCOUNTS=$(ca_total accounts) ORDERS=$(ca_total orders)
  LOGGED=$(stat -c %s "$WORK/lab/log/pebble.out")
  dies_at "$step"
  acmed_once
  expect_sound "$step"
  expect_known "$step"
  [[ $STATUS == 137 ]] || break
  now=$(world)
  # Values that are in the DNS are for the next run to remove.
  [[ $now != "$before" || -n $(txt "$LAB_PRIMARY" _acme-challenge.example.test) ]] || continue
  before=$now
  # The CA may have made an order of which we have not heard.
  orders=2
  ! asked_for authZ || orders=1
  lives
  acmed_once
  expect_end "$step" "$orders"
done
expect_end "to the end" 1
expect_at_most "steps, at least 10 of them" 10 "$((step - 1))"
