# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# compiler.sh - sourced before cmake: sets CC and CXX where the system's default compiler is not one that acmed takes
# (Debian 12's GCC miscompiles coroutines), unless CXX says otherwise already. ccache may keep what precompiled headers give.
if [[ -z ${CXX:-} ]]; then
  if [[ $(g++ -dumpversion 2>/dev/null | cut -d. -f1) -ge 14 ]]; then
    export CC=gcc CXX=g++
  else
    for version in 16 17 18 19; do
      if command -v "clang++-$version" >/dev/null; then
        export CC=clang-$version CXX=clang++-$version
        break
      fi
    done
  fi
fi
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
