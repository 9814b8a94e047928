# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lexicon_ddns.sh - the plug-in acmed-lexicon, which changes records of a BIND by dns-lexicon's provider for dynamic updates.
# shellcheck source=bind.sh
source "$LAB_HOME/operators/bind.sh"

LEXICON=$LAB_HOME/../../providers/exec/acmed-lexicon

start_lexicon_ddns() { # start_lexicon_ddns ZONE ADDRESS
  start_bind "$@"
  (umask 077; lexicon_token secret >"$BIND_KEYS/used-token")
}

lexicon_token() { echo "hmac-sha256:operator:$(<"$BIND_KEYS/$1")"; }

provider_lexicon_ddns() { # provider_lexicon_ddns ZONE
  cat <<TOML
[provider.lexicon]
type = "exec"
command = ["$LEXICON"]
timeout = "20s"
zones = ["$1"]
[provider.lexicon.environment]
LEXICON_PROVIDER = "ddns"
LEXICON_DDNS_DDNS_SERVER = "$BIND_ADDRESS"
LEXICON_DDNS_AUTH_TOKEN = { file = "$BIND_KEYS/used-token" }

TOML
}

control_lexicon_ddns() {
  case $1:${2:-} in
    fault:credentials) lexicon_token wrong-secret >"$BIND_KEYS/used-token" ;;
    heal:*)
      lexicon_token secret >"$BIND_KEYS/used-token"
      control_bind heal
      ;;
    *) control_bind "$@" ;;
  esac
}

secrets_lexicon_ddns() { secrets_bind; }
answers_lexicon_ddns() { echo pipe; }
