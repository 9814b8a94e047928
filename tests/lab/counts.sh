# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# counts.sh - what a client cost: ACME requests from the CA's log, DNS messages from each server's own statistics.

mark() {
  local log
  {
    for log in "$DIR"/log/*; do stat -c "$log %s" "$log"; done
    dns_messages
  } >"$DIR/run/mark"
}

since_mark() { # since_mark FILE -> what was logged since
  local at
  [[ -e $DIR/log/$1 ]] || return 0
  at=$(awk -v f="$DIR/log/$1" '$1 == f { print $2 }' "$DIR/run/mark")
  tail -c "+$((${at:-0} + 1))" "$DIR/log/$1"
}

counts() {
  local ca
  for ca in pebble pebble2; do
    [[ -e $DIR/log/$ca.out ]] || continue
    # pebble logs each request that it takes in hand: METHOD /path -> calling handler()
    since_mark "$ca.out" | { grep -oE '(GET|HEAD|POST) [^ ]+ -> calling' || true; } |
      awk -v ca="$ca" '{ sub("/[^/]*$", "/ID", $2) } { n[$1 " " $2]++; all++ }
        END { for (k in n) print ca, k, n[k]; print ca, "requests", all + 0 }' | sort
  done
  dns_messages | awk 'NR == FNR { was[$1] = $2; next } { split($1, k, ":"); print k[1], k[2], $2 - was[$1] }' "$DIR/run/mark" -
  since_mark primary.log | awk '
    / update: .*adding an RR/ { added++ }
    / update: .*deleting (an RR|rrset)/ { deleted++ }
    /(update-security|update): .*(denied|update failed)/ { refused++ }
    END { printf "primary rr-added %d\nprimary rr-deleted %d\nprimary updates-refused %d\n", added, deleted, refused }'
}

dns_messages() { # SERVER:OPCODE NUMBER, since each server's start
  local server
  for server in root primary sec1 sec2; do
    alive "$server" || continue
    rm -f "$DIR/$server/named.stats"
    rndc -s "$(named_address "$server")" -p "$LAB_CONTROL_PORT" -k "$DIR/rndc-key.key" stats 2>/dev/null || continue
    awk -v s="$server" '/^\+\+ / { on = /Incoming Requests/ } on && NF == 2 { print s ":" $2, $1 }' "$DIR/$server/named.stats"
  done
  for server in resolver caresolver; do
    alive "$server" || continue
    { unbound-control -c "$DIR/$server/unbound.conf" stats_noreset 2>/dev/null || true; } |
      sed -n "s/^total.num.queries=/$server:QUERY /p"
  done
}

named_address() { case $1 in root) echo "$A_ROOT" ;; primary) echo "$A_PRIM" ;; sec1) echo "$A_SEC1" ;; sec2) echo "$A_SEC2" ;; esac; }
