#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The DNS and the provider do not have the name in the same zone. Inner resolvers know a zone of the company's own, which is told at once; outer
# ones show the right place. A zone that is left over at the primary, which nobody delegates, is passed by.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
# shellcheck source=../named.sh
source "$LAB_HOME/named.sh"

knows_zone() { [[ -n $(dig +time=1 +tries=1 +short "@$LAB_RESOLVER" "$1" SOA 2>/dev/null) ]]; } # knows_zone ZONE: the resolver
start_lab LAB_ZONES=example.test
echo "--- an inner zone"
inner=127.0.0.22
mkdir "$WORK/inner"
small_zone ns "$inner" >"$WORK/inner/corp.db"
own_named inner "$inner" corp.example.test <<<'zone "corp.example.test" { type primary; file "corp.db"; };'
lab stop resolver
printf 'stub-zone:\n  name: "corp.example.test"\n  stub-addr: %s@53\n' "$inner" >>"$WORK/lab/resolver/unbound.conf"
lab start resolver
expect_eventually "the resolver is back" 10 knows_zone example.test
write_config <<TOML
$(primary_provider)
$(certificate inner host.corp.example.test)
TOML
lab mark
acmed_once
expect_equal "exit status with the inner resolver" "$STATUS" 1
expect_at_most "milliseconds until it is told" "$ELAPSED" 5000
expect_match "the sentence" "$OUTPUT" 'its zone example\.test, but the DNS says that the name is in the zone corp\.example\.test \(asked: .*.resolvers. in \[propagation\]'
expect_equal "UPDATE messages" "$(count primary UPDATE)" 0
sed -i "s/^resolvers = .*/resolvers = [\"$LAB_CA_RESOLVER\"]/" "$CONFIG"
acmed_once
expect_equal "exit status with an outer resolver" "$STATUS" 0
expect_issued inner host.corp.example.test
