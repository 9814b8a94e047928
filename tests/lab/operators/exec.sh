# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# exec.sh - the example plug-in in Python, which edits the zone file of a BIND that takes no updates.
# shellcheck source=../named.sh
source "$LAB_HOME/named.sh"

EXAMPLES=$LAB_HOME/../../providers/exec/examples
RELAY=$LAB_HOME/../fakes/plugin_relay.py

start_exec() { # start_exec ZONE ADDRESS
  local d=$WORK/exec
  export EXEC_FOLDER=$d
  mkdir "$d" "$d/zones"
  cat >"$d/named.conf" <<CONF
controls { };
options {
  directory "$d"; pid-file none; $(several_named) session-keyfile "$d/session.key"; managed-keys-directory "$d";
  listen-on { $2; }; listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no;
};
zone "$1" { type primary; file "zones/$1"; };
CONF
  printf '@ 300 IN SOA ns hostmaster (\n  7 ; serial\n  3600 600 86400 1 )\n@ 300 IN NS ns\nns 300 IN A %s\n' "$2" >"$d/zones/$1"
  ip addr add "$2/32" dev lo
  cp "$(PATH=$PATH:/usr/sbin command -v named)" "$d/named" # AppArmor holds the installed one to its own folders
  spawn_operator exec "$d/named" -g -n 1 -c "$d/named.conf"
  export EXEC_PID=${OPERATOR_PIDS[-1]}
  (umask 077; openssl rand -hex 16 >"$d/secret")
}

provider_exec() { # provider_exec ZONE
  cat <<TOML
[provider.exec]
type = "exec"
command = ["$RELAY", "$EXEC_FOLDER/fault", "$EXAMPLES/zone_files.py"]
environment = { ZONE_FILE = "$EXEC_FOLDER/zones/{zone}", RELOAD = "kill -HUP $EXEC_PID", UNUSED = { file = "$EXEC_FOLDER/secret" } }
timeout = "3s"
zones = ["$1"]

TOML
}

control_exec() {
  local file
  case $1 in
    values) sed -n "s/^$2\. .* TXT //p" "$EXEC_FOLDER/zones"/* | text_values ;;
    put)
      file=$(echo "$EXEC_FOLDER/zones"/*)
      printf '%s. 60 TXT "%s"\n' "$2" "$3" >>"$file"
      awk '/; serial/ { $1++ } { print }' "$file" >"$EXEC_FOLDER/new"
      cp "$EXEC_FOLDER/new" "$file"
      kill -HUP "$EXEC_PID"
      ;;
    fault) echo "$2" >"$EXEC_FOLDER/fault" ;;
    heal) rm -f "$EXEC_FOLDER/fault" ;;
  esac
}

secrets_exec() { cat "$EXEC_FOLDER/secret"; }
answers_exec() { echo pipe; }
