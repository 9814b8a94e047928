# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lexicon_powerdns.sh - the plug-in acmed-lexicon, which changes records of a PowerDNS by dns-lexicon's provider for its API.
# shellcheck source=powerdns_api.sh
source "$LAB_HOME/operators/powerdns_api.sh"

LEXICON=$LAB_HOME/../../providers/exec/acmed-lexicon

start_lexicon_powerdns() { start_powerdns_api "$@"; }

provider_lexicon_powerdns() { # provider_lexicon_powerdns ZONE
  cat <<TOML
[provider.lexicon]
type = "exec"
command = ["$LEXICON"]
timeout = "20s"
zones = ["$1"]
[provider.lexicon.environment]
LEXICON_PROVIDER = "powerdns"
LEXICON_POWERDNS_PDNS_SERVER = "http://$POWERDNS_ADDRESS:8081"
LEXICON_POWERDNS_AUTH_TOKEN = { file = "$POWERDNS_KEYS/used-secret" }

TOML
}

control_lexicon_powerdns() { control_powerdns_api "$@"; }
secrets_lexicon_powerdns() { secrets_powerdns_api; }
answers_lexicon_powerdns() { echo pipe; }
