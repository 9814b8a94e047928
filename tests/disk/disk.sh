# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# disk.sh - sourced by the cases: acmed's state and a target on a disk that forgets.
# shellcheck source=../lab/case.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lab/case.sh"
: "${FORGETFUL_DISK:?set it to the path of the preloaded library}"
: "${KILL_AT_RENAME:?set it to the path of the preloaded library}"
: "${KILL_AT_ANSWER:?set it to the path of the preloaded library}"

DISK=$WORK/disk
STATE=$DISK/state
TARGET=$DISK/tls

dies() { # dies LIBRARIES NAME=VALUE...: acmed runs with these preloaded from now on
  RUNNER=(env "LD_PRELOAD=$1" "ACMED_TEST_DISK=$DISK" "${@:2}")
}
lives() { RUNNER=(); }

is_pair() { # is_pair CERTIFICATE KEY
  [[ $(openssl x509 -in "$1" -noout -pubkey) == "$(openssl pkey -in "$2" -pubout)" ]]
}

leftovers() { # what is set aside, or was half written
  find "$DISK" -name '*.new' -o -name '*.corrupt*' -o -name '.acmed-*'
}

expect_sound() { # expect_sound STEP: right after the crash each file of ours is what it claims to be
  local file broken=()
  while read -r file; do
    jq empty "$file" 2>/dev/null && [[ -s $file ]] || broken+=("$file")
  done < <(find "$STATE" -name '*.json')
  expect_equal "$1: broken files" "${broken[*]}" ""
}
