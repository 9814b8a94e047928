# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# named.sh - sourced by what starts a named: in what the versions of BIND differ.

# The option without which named runs once on a host; BIND 9.20 has neither the rule nor the option.
several_named() {
  local named
  named=$(PATH=$PATH:/usr/sbin command -v named)
  [[ $("$named" -v) != "BIND 9.18"* ]] || echo 'lock-file none;'
}
