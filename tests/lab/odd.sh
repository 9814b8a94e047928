# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# odd.sh - sourced by the cases about CAs that are odd: odd_ca.py is the CA, and what is odd about it stands in the case.
# shellcheck source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

ODD_ADDRESS=127.0.0.1:14443
ODD_PID=

start_odd_lab() { start_lab LAB_ZONES="example.test z0.test" "$@"; }

start_odd_ca() { # start_odd_ca <HOOK: from now on it is the CA of write_config; see odd_ca.py for the hook
  mkdir -p "$WORK/odd"
  cat >"$WORK/odd/hook.py"
  : >"$WORK/odd/requests"
  python3 "$LAB_HOME/odd_ca.py" "$ODD_ADDRESS" "$WORK/lab/tls/server.crt" "$WORK/lab/tls/server.key" "$WORK/odd" \
    "$WORK/odd/hook.py" 2>"$WORK/odd/errors" &
  ODD_PID=$!
  OPERATOR_PIDS+=("$ODD_PID")
  LAB_ACME_DIRECTORY=https://$ODD_ADDRESS/directory
  ROOTS=$WORK/odd/root.pem
  eventually 60 odd_ca_answers || { cat "$WORK/odd/errors"; failed "the odd CA does not answer"; exit 1; }
}
odd_ca_answers() { curl -gsk -o /dev/null -m 2 "https://$ODD_ADDRESS/other"; }

odd_count() { # odd_count RESOURCE...: how many requests came to these
  awk -v words=" $* " 'index(words, " " $1 " ") { n++ } END { print n + 0 }' "$WORK/odd/requests"
}

odd_config() { # odd_config CERTIFICATES: the provider, and what is on standard input
  { provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test z0.test; cat; } | write_config
}
one_certificate() { odd_config < <(certificate "$@"); } # one_certificate NAME DOMAIN...

SITUATION=0
another() { # another TITLE <HOOK: the next situation: a state and a CA of its own
  echo "--- $1"
  [[ -z $ODD_PID ]] || { kill "$ODD_PID"; wait "$ODD_PID" 2>/dev/null || true; }
  STATE=$WORK/state.$((++SITUATION))
  start_odd_ca
}
