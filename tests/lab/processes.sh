# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# processes.sh - start, watch and stop the lab's servers. Each is recorded under DIR/run by its pid and start time, which
# name a process for good, and is ended by that pid alone.

alive() { # alive COMPONENT
  local pid start
  [[ -s $DIR/run/$1.pid ]] || return 1
  read -r pid start <"$DIR/run/$1.pid"
  [[ -n $start && $(process_start "$pid") == "$start" ]]
}

process_start() { # nothing for one that has ended, reaped or not
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
  read -ra fields <<<"${line##*) }"
  [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

spawn() { # spawn COMPONENT CMD...: in the background, in a session of its own
  local name=$1
  shift
  ! alive "$name" || die "$name is running already"
  setsid "$@" </dev/null >>"$DIR/log/$name.out" 2>&1 &
  echo "$! $(process_start $!)" >"$DIR/run/$name.pid"
}

wait_for() { # wait_for WHAT CMD...: until CMD succeeds, for ten seconds at most
  local what=$1 i
  shift
  for ((i = 0; i < 500; i++)); do
    "$@" && return 0
    sleep 0.02
  done
  die "gave up waiting for $what; see $DIR/log"
}

ended() { ! alive "$1"; }

stop_component() { # TERM, and KILL after five seconds
  local pid i
  if alive "$1"; then
    read -r pid _ <"$DIR/run/$1.pid"
    kill -TERM "$pid" 2>/dev/null || true
    for ((i = 0; i < 250; i++)); do
      ! ended "$1" || break
      sleep 0.02
    done
    ended "$1" || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$DIR/run/$1.pid"
}

# An AppArmor profile holds the installed named or unbound to its own directories; a copy of the program is under none.
private_copy() { # private_copy PROGRAM -> path
  local copy=$DIR/bin/$1 path
  path=$(PATH=$PATH:/usr/sbin:/sbin command -v "$1") || die "$1 is not installed"
  [[ -e $copy ]] || cp "$path" "$copy"
  echo "$copy"
}

# named listens only on addresses that an interface has, and a loopback has just 127.0.0.1.
add_addresses() {
  local address
  for address in "$A_ACME" "$A_SEC1" "$A_SEC2" "$A_PRIM" "$A_ROOT" "$A_TLD"; do
    ! ip -o -4 addr show dev lo | grep -q " inet $address/" || continue
    ip addr add "$address/32" dev lo 2>/dev/null || die "cannot add $address to lo: be root, or use: lab netns CMD..."
    echo "$address" >>"$DIR/run/addresses"
  done
}

remove_addresses() {
  local address
  [[ -e $DIR/run/addresses ]] || return 0
  while read -r address; do ip addr del "$address/32" dev lo 2>/dev/null || true; done <"$DIR/run/addresses"
  rm -f "$DIR/run/addresses"
}
