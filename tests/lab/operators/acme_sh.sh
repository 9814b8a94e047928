# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# acme_sh.sh - acmed-acme-sh with a script in the form of acme.sh's dnsapi, which changes records of a BIND. Debian has no acme.sh: what
# stands in for it has those of its functions that such scripts call, and its ways to be read.
# shellcheck source=bind.sh
source "$LAB_HOME/operators/bind.sh"

start_acme_sh() { # start_acme_sh ZONE ADDRESS
  start_bind "$@"
  export ACME_SH_FOLDER=$WORK/acme.sh
  mkdir -p "$ACME_SH_FOLDER/dnsapi"
  cat >"$ACME_SH_FOLDER/acme.sh" <<'SH'
#!/usr/bin/env sh
DEFAULT_INSTALL_HOME="$HOME/.acme.sh"
_info() { printf '%s\n' "$*"; }
_err() { printf '%s\n' "$*" >&2; }
_debug() { [ -z "$DEBUG" ] || printf '%s\n' "$*" >&2; }
_startswith() { case $1 in "$2"*) return 0 ;; *) return 1 ;; esac; }
_save_conf() { printf "%s='%s'\n" "$2" "$3" >>"$1"; }
_clear_conf() { sed -i "/^$2=/d" "$1"; }
_read_conf() { [ ! -f "$1" ] || sed -n "s/^$2='\(.*\)'/\1/p" "$1"; }
_saveaccountconf_mutable() { _save_conf "$ACCOUNT_CONF_PATH" "SAVED_$1" "$2"; _clear_conf "$ACCOUNT_CONF_PATH" "$1"; }
_readaccountconf_mutable() { _read_conf "$ACCOUNT_CONF_PATH" "SAVED_$1"; }
main() {
  [ -z "$1" ] && echo "usage" && return
  if _startswith "$1" '-'; then echo "would issue" && exit 9; else "$@"; fi
}
main "$@"
SH
  cat >"$ACME_SH_FOLDER/dnsapi/dns_lab.sh" <<'SH'
#!/usr/bin/env sh
dns_lab_add() {
  fulldomain=$1
  txtvalue=$2
  LAB_Key="${LAB_Key:-$(_readaccountconf_mutable LAB_Key)}"
  _saveaccountconf_mutable LAB_Key "$LAB_Key"
  _lab_change no "add $fulldomain. 60 TXT"
}
dns_lab_rm() {
  fulldomain=$1
  txtvalue=$2
  _lab_change yes "delete $fulldomain. TXT"
}
_lab_change() {
  quoted=\"$(printf %s "$txtvalue" | sed 's/["\\]/\\&/g')\"
  now=no
  dig +short +norecurse "@$LAB_Server" "$fulldomain" TXT | sed 's/\\;/;/g' | grep -qxF -- "$quoted" && now=yes
  if [ "$now" != "$1" ]; then
    _err "already there: $now"
    return 1
  fi
  _info "$2"
  printf 'server %s\nupdate %s %s\nsend\n' "$LAB_Server" "$2" "$quoted" | nsupdate -y "hmac-sha256:operator:$LAB_Key" || return 1
  [ ! -e "$LAB_Fault" ] || sleep 1000
}
SH
}

provider_acme_sh() { # provider_acme_sh ZONE
  cat <<TOML
[provider.acme_sh]
type = "lego-exec"
command = ["$LAB_HOME/../../providers/exec/acmed-acme-sh", "dns_lab"]
timeout = "3s"
zones = ["$1"]
[provider.acme_sh.environment]
ACME_SH = "$ACME_SH_FOLDER/acme.sh"
LAB_Server = "$BIND_ADDRESS"
LAB_Key = { file = "$BIND_KEYS/used-secret" }
LAB_Fault = "$BIND_KEYS/fault"

TOML
}

control_acme_sh() {
  case $1:${2:-} in
    fault:silent) touch "$BIND_KEYS/fault" ;;
    fault:*) return 77 ;; # it has no other word than "failed"
    heal:*) rm -f "$BIND_KEYS/fault" ;;
    *) control_bind "$@" ;;
  esac
}

secrets_acme_sh() { secrets_bind; }
answers_acme_sh() { echo pipe; }
