# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# exec_nsupdate.sh - the example plug-in in shell, which changes records of a BIND by nsupdate.
# shellcheck source=bind.sh
source "$LAB_HOME/operators/bind.sh"

EXAMPLES=$LAB_HOME/../../providers/exec/examples
RELAY=$LAB_HOME/../fakes/plugin_relay.py

start_exec_nsupdate() { # start_exec_nsupdate ZONE ADDRESS
  start_bind "$@"
  (
    umask 077
    printf 'key "operator" { algorithm hmac-sha256; secret "%s"; };\n' "$(<"$BIND_KEYS/wrong-secret")" >"$BIND_KEYS/wrong-key"
    cp "$BIND_KEYS/key" "$BIND_KEYS/used-key"
  )
}

provider_exec_nsupdate() { # provider_exec_nsupdate ZONE
  cat <<TOML
[provider.exec_nsupdate]
type = "exec"
command = ["$RELAY", "$BIND_KEYS/fault", "$EXAMPLES/nsupdate.sh"]
environment = { SERVER = "$BIND_ADDRESS", KEY_FILE = "$BIND_KEYS/used-key" }
timeout = "3s"
zones = ["$1"]

TOML
}

control_exec_nsupdate() {
  case $1 in
    fault)
      case $2 in
        credentials) cp "$BIND_KEYS/wrong-key" "$BIND_KEYS/used-key" ;;
        *) echo "$2" >"$BIND_KEYS/fault" ;;
      esac
      ;;
    heal)
      rm -f "$BIND_KEYS/fault"
      cp "$BIND_KEYS/key" "$BIND_KEYS/used-key"
      ;;
    *) control_bind "$@" ;;
  esac
}

secrets_exec_nsupdate() { secrets_bind; }
answers_exec_nsupdate() { echo pipe; }
