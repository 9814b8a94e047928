# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# assert.sh - what a case expects. Each call prints one line; a failed one is remembered, and the case goes on, so that one
# run tells all that is wrong.

FAILED=0

passed() { echo "  ok: $*"; }
failed() {
  echo "  FAILED: $*"
  FAILED=$((FAILED + 1))
}

expect_equal() { # expect_equal WHAT ACTUAL EXPECTED
  if [[ $2 == "$3" ]]; then passed "$1: $2"; else failed "$1: '$2' instead of '$3'"; fi
}

expect_different() { # expect_different WHAT ACTUAL OLD
  if [[ $2 != "$3" ]]; then passed "$1"; else failed "$1: still '$2'"; fi
}

expect_at_most() { # expect_at_most WHAT ACTUAL LIMIT
  if (($2 <= $3)); then passed "$1: $2 (at most $3)"; else failed "$1: $2, more than $3"; fi
}

expect_match() { # expect_match WHAT TEXT REGEX: of grep -iE; some line of TEXT matches
  local line
  if line=$(grep -iE -m 1 -- "$3" <<<"$2"); then passed "$1: $line"; else failed "$1: no line matches /$3/"; fi
}

expect_success() { # expect_success WHAT CMD...
  local what=$1 output
  shift
  if output=$("$@" 2>&1); then passed "$what"; else failed "$what: $output"; fi
}

eventually() { # eventually SECONDS CMD...: CMD succeeds within that time
  local end=$(($(milliseconds) + $1 * 1000))
  shift
  until "$@"; do
    (($(milliseconds) < end)) || return 1
    sleep 0.05
  done
}

expect_eventually() { # expect_eventually WHAT SECONDS CMD...
  local what=$1
  shift
  if eventually "$@"; then passed "$what"; else failed "$what: not within $1 s"; fi
}

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
