# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lego_exec.sh - a program for lego's provider `exec`, which changes records of a BIND.
# shellcheck source=bind.sh
source "$LAB_HOME/operators/bind.sh"

LEGO_HELPER=$LAB_HOME/../fakes/lego_helper.sh

start_lego_exec() { start_bind "$@"; }

provider_lego_exec() { # provider_lego_exec ZONE [MODE]
  cat <<TOML
[provider.lego_exec]
type = "lego-exec"
command = ["$LEGO_HELPER"]
mode = "${2:-default}"
environment = { SERVER = "$BIND_ADDRESS", KEY_FILE = "$BIND_KEYS/key", CALLS = "$WORK/calls", FAULT = "$BIND_KEYS/fault" }
timeout = "3s"
zones = ["$1"]

TOML
}

control_lego_exec() {
  case $1:${2:-} in
    fault:silent) touch "$BIND_KEYS/fault" ;;
    fault:*) return 77 ;; # it has no other word than "failed"
    heal:*) rm -f "$BIND_KEYS/fault" ;;
    *) control_bind "$@" ;;
  esac
}

secrets_lego_exec() { secrets_bind; }
answers_lego_exec() { echo pipe; }
