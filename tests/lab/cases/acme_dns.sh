#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acme-dns as a newcomer meets it: the first try registers an account and tells the CNAME record to be made, the next one issues.
# Then three names are aliases to one account, which holds two values: they are proved in rounds; and two certificates want two
# values each at the same time.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

newcomers_config() { # newcomers_config: no accounts yet; certificates on standard input
  {
    printf '[provider.acme]\ntype = "acme-dns"\nurl = "http://%s"\nzones = ["%s", "example.test"]\nallow_from = ["127.0.0.0/8"]\n\n' \
      "$OPERATOR_ADDRESS" "$OPERATOR_ZONE"
    cat
  } | write_config
}

make_alias() { # make_alias NAME TARGET: a record of the zone example.test
  lab nsupdate <<<"zone example.test
update add $1 60 CNAME $2
send"
}

accounts() { python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["accounts"]))' "$STATE/providers/acme.json"; }
secrets() { python3 -c 'import json, sys; [print(a["password"]) for a in json.load(open(sys.argv[1]))["accounts"]]' "$STATE/providers/acme.json"; }

# shellcheck disable=SC2034
ACMED_ARGUMENTS=(--verbose)
start_operator_lab
newcomers_config < <(certificate wild example.test '*.example.test')
acmed_once
expect_equal "exit status of the first try" "$STATUS" 1
record=$(grep -oE '_acme-challenge\.example\.test\. CNAME [^ ]+\.operator\.test\.' <<<"$OUTPUT" | tail -n 1)
expect_different "it tells the record to be made: $record" "$record" ""
expect_equal "accounts that are kept" "$(accounts)" 1
expect_equal "who may read them" "$(stat -c %a "$STATE/providers/acme.json")" 600
expect_no_secret "$WORK/acmed.out"

acmed_once
expect_equal "exit status without the record" "$STATUS" 1
expect_equal "accounts after the second try" "$(accounts)" 1
expect_match "the same record is told" "$OUTPUT" "$record"

target=${record##* }
make_alias _acme-challenge.example.test. "$target"
acmed_once
expect_equal "exit status with the record" "$STATUS" 0
expect_issued wild example.test '*.example.test'
expect_equal "accounts in the end" "$(accounts)" 1
expect_no_secret "$WORK/acmed.out"

echo "--- three names, one account: two rounds"
for host in a b c; do make_alias "_acme-challenge.$host.example.test." "$target"; done
newcomers_config <<TOML
$(certificate wild example.test '*.example.test')
$(certificate rounds {a,b,c}.example.test)
TOML
lab mark
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued rounds {a,b,c}.example.test
expect_match "it says so" "$OUTPUT" 'rounds: the names are proved in 2 rounds'
expect_equal "challenges that the CA was told of" "$(count pebble POST /chalZ/ID)" 3

echo "--- two certificates, two values each, one account"
make_alias _acme-challenge.d.example.test. "$target"
newcomers_config <<TOML
$(certificate first a.example.test '*.a.example.test')
$(certificate second d.example.test '*.d.example.test')
TOML
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued first a.example.test '*.a.example.test'
expect_issued second d.example.test '*.d.example.test'
