# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# hooks.sh - sourced by the cases of this folder: two generations of a certificate, and a hook that is called as acmed calls it. Each case runs
# alone, in a network of its own: `../lab/lab netns CASE.sh`. Exit 77 where what it needs is not installed.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HOOKS=$HERE/../../packaging/hooks
# shellcheck source=../lab/assert.sh
source "$HERE/../lab/assert.sh"

needs() { # needs PROGRAM...
  local program
  for program; do command -v "$program" >/dev/null || { echo "$program is not installed"; exit 77; }; done
}

begin() {
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/acmed-hooks.XXXXXX")
  chmod 0755 "$WORK"
  trap 'rm -rf "$WORK"' EXIT
  generation 1
  generation 2
}

generation() { # generation NUMBER: $WORK/NUMBER/{privkey,fullchain}.pem
  mkdir "$WORK/$1"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=www.example.test" \
    -addext "subjectAltName=DNS:www.example.test" -keyout "$WORK/$1/privkey.pem" -out "$WORK/$1/fullchain.pem" 2>/dev/null
}

serial_of() { openssl x509 -noout -serial -in "$1" | cut -d= -f2; }

# hook GENERATION NAME ARGUMENT...: with the environment that acmed gives, and nothing else. Its output is OUTPUT, its exit status STATUS.
hook() {
  local files=$WORK/$1
  STATUS=0
  OUTPUT=$(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ACMED_NAME=example.test ACMED_EVENT=deploy \
    "ACMED_FULLCHAIN=$files/fullchain.pem" "ACMED_PRIVKEY=$files/privkey.pem" \
    "ACMED_SERIAL=$(serial_of "$files/fullchain.pem" | tr 'A-F' 'a-f')" "$HOOKS/$2" "${@:3}" 2>&1 </dev/null) || STATUS=$?
}

succeeds() { # succeeds WHAT GENERATION NAME ARGUMENT...
  hook "${@:2}"
  if [[ $STATUS == 0 ]]; then passed "$1"; else failed "$1: $OUTPUT"; fi
}

fails() { # fails WHAT REGEX GENERATION NAME ARGUMENT...
  hook "${@:3}"
  if [[ $STATUS == 0 ]]; then failed "$1: it succeeded"; else expect_match "$1" "$OUTPUT" "$2"; fi
}

finish() { exit "$((FAILED != 0))"; }
