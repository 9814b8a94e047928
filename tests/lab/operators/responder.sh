# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# responder.sh - acmed itself: it serves the zone as long as it runs. Nobody else can change it, and there is nothing
# that could be refused or left unanswered.

start_responder() { # start_responder ZONE ADDRESS
  OPERATOR_IS_ACMED=1
  export RESPONDER_ADDRESS=$2
}

provider_responder() { # provider_responder ZONE
  cat <<TOML
[provider.responder]
type = "responder"
listen = ["$RESPONDER_ADDRESS"]
zones = ["$1"]

TOML
}

control_responder() {
  case $1 in
    values) dig +short +norecurse +time=2 +tries=1 "@$RESPONDER_ADDRESS" "$2" TXT | text_values ;;
    put | fault) return 77 ;;
    heal) ;;
  esac
}

secrets_responder() { :; }
answers_responder() { echo "$RESPONDER_ADDRESS:53"; }
