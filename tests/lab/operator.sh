# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# operator.sh - sourced by the cases that every DNS operator has to pass: the operator OPERATOR, a server from the
# distribution or a fake, serves the zone OPERATOR_ZONE, and its provider is configured. operators/OPERATOR.sh says how.
# shellcheck source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

: "${OPERATOR:?set it to one of operators/*.sh}"
OPERATOR_ADDRESS=127.0.0.20
OPERATOR_ZONE=operator.test

spawn_operator() { # spawn_operator NAME CMD...: in the background, its output in $WORK/NAME.out
  local name=$1
  shift
  setsid "$@" </dev/null >>"$WORK/$name.out" 2>&1 &
  OPERATOR_PIDS+=($!)
}

# shellcheck source=operators/bind.sh
source "$LAB_HOME/operators/$OPERATOR.sh"

control() { "control_$OPERATOR" "$@"; }
secrets() { "secrets_$OPERATOR"; }
answers() { "answers_$OPERATOR"; }

start_operator_lab() { # start_operator_lab NAME=VALUE...
  start_lab LAB_ZONES=example.test LAB_DELEGATED="$OPERATOR_ZONE=$OPERATOR_ADDRESS" "$@"
  "start_$OPERATOR" "$OPERATOR_ZONE" "$OPERATOR_ADDRESS"
  [[ ${OPERATOR_IS_ACMED:-0} == 0 ]] || return 0 # then nobody serves yet
  eventually 20 serves_zone "$OPERATOR_ZONE" "$OPERATOR_ADDRESS" ||
    { cat "$WORK"/*.out; failed "$OPERATOR does not serve $OPERATOR_ZONE"; exit 1; }
}

operator_config() { # operator_config: with the certificates on standard input
  { "provider_$OPERATOR" "$OPERATOR_ZONE"; cat; } | write_config
}

expect_no_secret() { # expect_no_secret FILE...: none of what the provider was given stands in them
  local secret
  while read -r secret; do
    [[ -n $secret ]] || continue
    expect_equal "lines with a secret of ${#secret} characters" "$(cat "$@" | grep -cF -- "$secret" || true)" 0
  done < <(secrets)
}

text_values() { # what `dig +short` prints of TXT records, as the values themselves
  python3 -c '
import re, sys
for line in sys.stdin:
    strings = re.findall(r"\"((?:[^\"\\]|\\.)*)\"", line)
    if strings or not line.startswith(";"):
        print(re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m[1])) if m[1].isdigit() and len(m[1]) == 3 else m[1], "".join(strings)))'
}
