# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# case.sh - sourced by each case: a lab in a folder of its own, acmed under test in it, and questions about the outcome.
#
# ACMED names the program. A case runs inside `lab netns`. With KEEP=1 its folder stays.
set -euo pipefail

LAB_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=assert.sh
source "$LAB_HOME/assert.sh"

: "${ACMED:?set it to the path of acmed}"
: "${SLOW_BUILD_MS:=0}" # what a sanitized build may take longer
: "${ACMECTL:=$(dirname "$ACMED")/acmectl/acmectl}"
[[ -x $ACMED ]] || { echo "no program at $ACMED"; exit 1; }
WORK=$(mktemp -d "${TMPDIR:-/tmp}/acmed-lab.XXXXXX")
STATE=$WORK/state
CONFIG=$WORK/acmed.toml
DAEMON= # pid of an acmed that runs in the background
OPERATOR_PIDS=() # of servers that operator.sh started

finish() { # the one way out: a case passes when its script got to its end and nothing failed
  local status=$?
  trap - EXIT
  [[ $status == 0 ]] || failed "the script ended early with $status"
  [[ -z $DAEMON ]] || kill -KILL "$DAEMON" 2>/dev/null || true
  [[ ${#OPERATOR_PIDS[@]} == 0 ]] || kill -KILL "${OPERATOR_PIDS[@]}" 2>/dev/null || true
  if [[ $FAILED != 0 && -e $WORK/lab/log/pebble.out ]]; then
    echo "--- the CA's last words:"
    tail -n 10 "$WORK/lab/log/pebble.out" | cut -c -160
    echo "--- the primary's:"
    grep -E 'update|error' "$WORK/lab/log/primary.log" | tail -n 10 | cut -c -160
  fi
  lab down >/dev/null 2>&1 || true
  umount "$STATE" 2>/dev/null || true # disk_full mounts it
  if [[ ${KEEP:-0} == 1 ]]; then echo "kept: $WORK"; else rm -rf "$WORK" 2>/dev/null || true; fi
  [[ $FAILED == 0 ]] || { echo "$FAILED failed"; exit 1; }
  exit 0
}
trap finish EXIT

# --- The lab ----------------------------------------------------------------------------------------------------------

lab() {
  [[ $1 != mark ]] || rm -f "$WORK/counts"
  "$LAB_HOME/lab" "$1" "$WORK/lab" "${@:2}"
}

start_lab() { # start_lab NAME=VALUE...
  lab up "$@"
  eval "$(lab env)"
}

halt() { # halt PID: until CONT; returns when all of its threads stand still
  kill -STOP "$1"
  eventually 10 stands_still "$1" || failed "process $1 does not stand still"
}
stands_still() { ! grep -h '^State:' "/proc/$1/task/"*/status | grep -qv 'T (stopped)'; }
component_pid() { cut -d" " -f1 "$WORK/lab/run/$1.pid"; } # component_pid COMPONENT: of the lab, as `lab status` names them

count() { # count COMPONENT WHAT...: a line of `lab counts` since the mark, such as `count pebble requests`
  [[ -e $WORK/counts ]] || lab counts >"$WORK/counts"
  awk -v k="$*" '{ n = $NF; sub(" [^ ]*$", "") } $0 == k { print n; found = 1 } END { if (!found) print 0 }' "$WORK/counts"
}

ca_total() { # ca_total accounts|orders: how many the CA has made since its start
  grep -oE "There are now [0-9]+ $1" "$WORK/lab/log/pebble.out" | tail -n 1 | grep -oE '[0-9]+' || echo 0
}

# --- Configuration ----------------------------------------------------------------------------------------------------

RENEW=0.5   # what a case may change before write_config
TIMEOUT=20s # for propagation

write_config() { # write_config: the common part, and what is on standard input
  {
    cat <<TOML
state_directory = "$STATE"

[defaults]
ca = "lab"
renew = "$RENEW"

[ca.lab]
directory = "$LAB_ACME_DIRECTORY"
trust = "$LAB_CA_BUNDLE"
contact = ["mailto:hostmaster@example.test"]
terms_agreed = true

[propagation]
resolvers = ["$LAB_RESOLVER"]
timeout = "$TIMEOUT"

TOML
    cat
  } >"$CONFIG"
}

provider() { # provider NAME SERVER KEY_FILE ZONE...
  cat <<TOML
[provider.$1]
type = "rfc2136"
server = "$2"
tsig = { name = "${TSIG_NAME:-$(sed -n 's/^key "\(.*\)".*/\1/p' "$3")}", algorithm = "hmac-sha256", secret = { file = "$3" } }
zones = [$(quoted "${@:4}")]

TOML
}

# shellcheck disable=SC2086
primary_provider() { provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" $LAB_ZONES; }

certificate() { # certificate NAME DOMAIN...
  printf '[[certificate]]\nname = "%s"\ndomains = [%s]\n\n' "$1" "$(quoted "${@:2}")"
}

quoted() { printf '"%s", ' "$@" | sed 's/, $//'; }

# --- acmed ------------------------------------------------------------------------------------------------------------

# Runs acmed in the foreground. Sets STATUS, OUTPUT and ELAPSED (milliseconds, whole process). RUNNER may hold words to put
# before the program, such as env NAME=VALUE.
RUNNER=()
ACMED_ARGUMENTS=() # more arguments for the program
acmed_once() {
  local begin
  echo "\$ acmed --once"
  rm -f "$WORK/counts"
  begin=$(milliseconds)
  STATUS=0
  "${RUNNER[@]}" "$ACMED" --config "$CONFIG" "${ACMED_ARGUMENTS[@]}" --once >"$WORK/acmed.out" 2>&1 || STATUS=$?
  ELAPSED=$(($(milliseconds) - begin))
  OUTPUT=$(<"$WORK/acmed.out")
  sed 's/^/  | /' <"$WORK/acmed.out" | cut -c -400 | tail -n 40
  echo "  (exit $STATUS after $ELAPSED ms)"
}

start_daemon() {
  echo "\$ acmed &"
  "${RUNNER[@]}" "$ACMED" --config "$CONFIG" >"$WORK/daemon.out" 2>&1 &
  DAEMON=$!
}

stop_daemon() { # sets STATUS and ELAPSED
  local begin
  begin=$(milliseconds)
  kill -TERM "$DAEMON"
  STATUS=0
  wait "$DAEMON" || STATUS=$?
  ELAPSED=$(($(milliseconds) - begin))
  DAEMON=
  echo "\$ kill -TERM acmed  (exit $STATUS after $ELAPSED ms); it had said:"
  sed 's/^/  | /' <"$WORK/daemon.out" | cut -c -400 | tail -n 40
}

ctl() { # ctl VERB...: runs acmectl. Sets STATUS, OUTPUT (standard output) and SAID (standard error).
  STATUS=0
  echo "\$ acmectl $*"
  "$ACMECTL" --config "$CONFIG" --socket "${ACMED_SOCKET:-$WORK/control.sock}" "$@" >"$WORK/ctl.out" 2>"$WORK/ctl.err" || STATUS=$?
  OUTPUT=$(<"$WORK/ctl.out")
  SAID=$(<"$WORK/ctl.err")
  sed 's/^/  | /' "$WORK/ctl.out" "$WORK/ctl.err" | cut -c -400 | tail -n 60
  echo "  (exit $STATUS)"
}

daemon_said() { grep -qiE -- "$1" "$WORK/daemon.out"; }

# --- What came of it --------------------------------------------------------------------------------------------------

live() { readlink "$STATE/live/$1" 2>/dev/null || echo none; } # live NAME -> the generation in service
generation() { live "$1" | grep -oE '[0-9]+$' || echo none; }
serial() { openssl x509 -noout -serial -in "$STATE/live/$1/cert.pem" | cut -d= -f2; }

expect_issued() { # expect_issued NAME DOMAIN...: live/NAME is a whole, valid pair for exactly these names
  local d=$STATE/live/$1 roots=${ROOTS:-$LAB_ISSUED_ROOTS}
  [[ -e $d/cert.pem ]] || { failed "$1: no certificate is live"; return 0; }
  expect_success "$1: the chain leads to the CA's root" \
    openssl verify -CAfile "$roots" -untrusted "$d/chain.pem" "$d/cert.pem"
  expect_equal "$1: names" "$(sans "$d/cert.pem")" "$(printf '%s\n' "${@:2}" | sort | paste -sd ' ')"
  expect_equal "$1: the key is the certificate's" \
    "$(openssl pkey -in "$d/privkey.pem" -pubout 2>&1 | sha256sum)" "$(openssl x509 -in "$d/cert.pem" -noout -pubkey | sha256sum)"
  expect_equal "$1: fullchain is cert and chain" "$(certificates "$d/fullchain.pem")" "$(certificates "$d/cert.pem" "$d/chain.pem")"
}

sans() { openssl x509 -in "$1" -noout -ext subjectAltName | grep -oE 'DNS:[^,]+' | cut -c 5- | sort | paste -sd ' '; }
certificates() { cat "$@" | grep -c 'BEGIN CERTIFICATE'; }

txt() { dig +short +time=2 +tries=3 "@$1" "$2" TXT | sed "/^;/d"; } # txt SERVER NAME

serves_zone() { # serves_zone ZONE ADDRESS
  dig +time=1 +tries=1 +norecurse "@$2" "$1" SOA 2>/dev/null | grep -qE '^;; flags:.* aa.* ANSWER: 1'
}

is_the_same() { # is_the_same ZONE: at the primary and its secondaries
  local server serials=()
  for server in "$LAB_PRIMARY" $LAB_SECONDARIES; do
    serials+=("$(dig +time=1 +tries=1 +short +norecurse "@$server" "$1" SOA 2>/dev/null | cut -d' ' -f3)")
  done
  [[ ${serials[0]} =~ ^[0-9]+$ && $(printf '%s\n' "${serials[@]}" | sort -u | wc -l) == 1 ]]
}

no_txt_on() { # no_txt_on SERVER NAME...: the server answers for every name, and has none; one dig asks for all
  local name questions=() answers
  for name in "${@:2}"; do questions+=("$name" TXT); done
  answers=$(dig +time=1 +tries=1 +noall +comments +answer "@$1" "${questions[@]}" 2>/dev/null) || return 1
  [[ $(grep -cE 'status: (NOERROR|NXDOMAIN)' <<<"$answers") == $(($# - 1)) ]] &&
    ! grep -qE '[[:space:]]TXT[[:space:]]' <<<"$answers"
}

expect_no_txt() { # expect_no_txt DOMAIN...: soon no server has any challenge value; secondaries follow with their delay
  local server names=("${@/#/_acme-challenge.}") of="$*"
  [[ $# -le 3 ]] || of="$# names"
  # shellcheck disable=SC2086
  for server in ${TXT_SERVERS:-$LAB_PRIMARY $LAB_SECONDARIES}; do
    expect_eventually "no TXT left at $server for $of" 15 no_txt_on "$server" "${names[@]}"
  done
}
