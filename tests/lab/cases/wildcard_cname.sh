#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A wildcard CNAME makes an alias of every challenge name: to a place where no provider is, to nowhere at all, to a host of the same zone. A
# value at the name itself switches it off, so that is where it goes, and nothing is written at the host; also where the alias is not the
# challenge name's but one on the way. A CNAME of the name's own does not give way, nor does a wildcard that was made for challenges.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

are_in_step() { # every server has the same serial
  local server
  # shellcheck disable=SC2086
  for server in $LAB_PRIMARY $LAB_SECONDARIES; do dig +short +time=1 +tries=1 "@$server" example.test SOA; done | sort -u | wc -l |
    grep -qx 1
}

change_zone() { # change_zone UPDATE...: what nsupdate is to "update"; done when every server has it
  lab nsupdate <<<"zone example.test
$(printf 'update %s\n' "$@")
send"
  eventually 10 are_in_step
}

alias_all() { change_zone 'delete *.example.test' "add *.example.test 300 CNAME $1"; } # alias_all TARGET

written_at() { # written_at NAME: how many TXT records were added there since the mark
  grep -c "adding an RR at '$1' TXT" <(tail -c +"$((MARK + 1))" "$WORK/lab/log/primary.log") || true
}

try() { # try: with a state of its own
  rm -rf "$STATE"
  MARK=$(stat -c %s "$WORK/lab/log/primary.log")
  acmed_once
}

start_lab LAB_ZONES=example.test
change_zone 'add lb.example.test 300 A 192.0.2.1'
# Each try has a name of its own: what the CA's resolver has just found at one must not decide over the next.
n=0
for target in www.island.test. nowhere.invalid. lb.example.test. example.test.; do
  echo "--- to $target"
  domain=host$((n += 1)).example.test
  write_config <<TOML
$(primary_provider)
$(certificate wild "$domain" "*.$domain")
TOML
  alias_all "$target"
  try
  expect_equal "exit status" "$STATUS" 0
  expect_issued wild "$domain" "*.$domain"
  expect_match "what it says" "$OUTPUT" "_acme-challenge.$domain is an alias by a wildcard CNAME"
  expect_equal "what is left at the name" "$(txt "$LAB_PRIMARY" "_acme-challenge.$domain" | head -n 1)" "$target"
  expect_equal "values written at the name" "$(written_at "_acme-challenge.$domain")" 2
  expect_equal "values written at the target" "$(written_at "${target%.}")" 0
done

echo "--- with a key for the challenge name alone"
alias_all lb.example.test.
write_config <<TOML
[provider.primary]
type = "rfc2136"
server = "$LAB_PRIMARY"
tsig = { name = "narrow-key", algorithm = "hmac-sha512", secret = { file = "$WORK/lab/narrow-key.key" } }
zones = ["example.test"]

$(certificate wild example.test '*.example.test')
TOML
try
expect_equal "exit status" "$STATUS" 0
expect_issued wild example.test '*.example.test'

echo "--- a wildcard on the way of an alias"
write_config <<TOML
$(primary_provider)
$(certificate way way.example.test)
TOML
change_zone 'add _acme-challenge.way.example.test 300 CNAME hop.example.test.'
try
expect_equal "exit status" "$STATUS" 0
expect_equal "values written on the way" "$(written_at hop.example.test)" 1
expect_equal "values written at the end" "$(written_at lb.example.test)" 0

echo "--- an alias of its own to where the wildcard leads"
write_config <<TOML
$(primary_provider)
$(certificate own own.example.test)
TOML
change_zone 'add _acme-challenge.own.example.test 300 CNAME lb.example.test.'
try
expect_equal "exit status" "$STATUS" 0
expect_equal "values written where it leads" "$(written_at lb.example.test)" 1

for target in _acme-challenge.all.acme-dlg.test. all.acme-dlg.test.; do
  echo "--- a wildcard that was made for challenges: $target"
  domain=meant$((n += 1)).example.test
  write_config <<TOML
$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" acme-dlg.test)
delegated = ["example.test"]

$(certificate meant "$domain")
TOML
  alias_all "$target"
  try
  expect_equal "exit status" "$STATUS" 0
  expect_equal "values written there" "$(written_at "${target%.}")" 1
done

echo "--- a CNAME of the name's own to where no provider is"
write_config <<TOML
$(primary_provider)
$(certificate astray astray.example.test)
TOML
change_zone 'add _acme-challenge.astray.example.test 300 CNAME www.island.test.'
try
expect_equal "exit status" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'no provider serves www.island.test, to which _acme-challenge.astray.example.test is an alias \(CNAME\): add its zone island.test'
