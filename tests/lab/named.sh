# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# named.sh - sourced by what starts a named: in what the versions of BIND differ.

# The option without which named runs once on a host; BIND 9.20 has neither the rule nor the option.
several_named() {
  local named
  named=$(PATH=$PATH:/usr/sbin command -v named)
  [[ $("$named" -v) != "BIND 9.18"* ]] || echo 'lock-file none;'
}

# For cases, after case.sh: a named of their own.
own_named() { # own_named NAME ADDRESS ZONE: a server in $WORK/NAME, where its zone files are, with the zone statements on standard input
  local d=$WORK/$1
  mkdir -p "$d"
  ip addr add "$2/32" dev lo
  {
    cat <<CONF
include "$LAB_TSIG_FILE";
controls { };
options {
  directory "$d"; pid-file none; $(several_named) session-keyfile "$d/session.key"; managed-keys-directory "$d";
  listen-on { $2; }; listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no;
};
CONF
    cat
  } >"$d/named.conf"
  cp "$(PATH=$PATH:/usr/sbin command -v named)" "$d/named" # AppArmor holds the installed one to its own folders
  setsid "$d/named" -f -n 1 -c "$d/named.conf" </dev/null >"$d/out" 2>&1 &
  OPERATOR_PIDS+=($!)
  expect_eventually "$1 serves $3" 20 serves_zone "$3" "$2"
}

small_zone() { # small_zone HOST ADDRESS: what a zone holds at first that HOST below it serves
  # shellcheck disable=SC2016
  printf '$TTL 60\n@ IN SOA %s hostmaster 1 3600 600 86400 60\n@ IN NS %s\n%s IN A %s\n' "$1" "$1" "$1" "$2"
}
