# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# clients.sh - how each client of the comparison is run: open_accounts once, then prepare_CLIENT (not measured) and
# run_CLIENT (measured) with the task and its names.

open_accounts() {
  "$FLOOR" register "$WORK/floor.account"
  acmed_account
  ! command -v lego >/dev/null || lego_ "*.z9.test" >"$WORK/lego.log" 2>&1
  ! command -v certbot >/dev/null || certbot_account >"$WORK/certbot.log" 2>&1
}

prepare_floor() { :; }
run_floor() { # run_floor TASK NAME...
  local one=1 each=4
  [[ $ROUND_TRIP == 0 || $1 == A ]] || one=32 each=32 # most of the time nothing is on a connection
  if [[ $1 == C ]]; then "$FLOOR" each "$WORK/floor.account" "$each" "${@:2}"; else "$FLOOR" one "$WORK/floor.account" "$one" "${@:2}"; fi
}

# A certificate that nobody needs makes acmed's account; each run then begins with a copy of that state.
acmed_account() {
  write_config <<TOML
$(primary_provider)
$(certificate account z9.test)
TOML
  "$ACMED" --config "$CONFIG" --once >"$WORK/acmed.log" 2>&1
  cp -a "$STATE" "$WORK/known-account"
}

# Nothing is deleted before a measurement: some file systems (ext4 without a journal) shun the inodes of what was deleted
# lately, and look at each of them whenever a file is made.
prepare_acmed() { # prepare_acmed TASK NAME...
  local name number=0
  [[ ! -e $STATE ]] || mv "$STATE" "$(mktemp -d "$WORK/used.XXXXXX")"
  cp -a "$WORK/known-account" "$STATE"
  {
    primary_provider
    certificate account z9.test
    if [[ $1 == C ]]; then
      for name in "${@:2}"; do certificate "c$((number++))" "$name"; done
    else
      certificate measured "${@:2}"
    fi
  } | write_config
}
run_acmed() { "$ACMED" --config "$CONFIG" --once; }

lego_() { # lego_ NAME...
  local name domains=()
  for name in "$@"; do domains+=(--domains "$name"); done
  RFC2136_NAMESERVER=$LAB_PRIMARY RFC2136_TSIG_KEY=$LAB_TSIG_NAME. RFC2136_TSIG_ALGORITHM=$LAB_TSIG_ALGORITHM. \
    RFC2136_TSIG_SECRET=$LAB_TSIG_SECRET RFC2136_PROPAGATION_TIMEOUT=60 RFC2136_POLLING_INTERVAL=1 \
    RFC2136_SEQUENCE_INTERVAL=1 LEGO_CA_CERTIFICATES=$LAB_CA_BUNDLE \
    lego --server "$LAB_ACME_DIRECTORY" --path "$WORK/lego" --email a@example.test --accept-tos --key-type ec256 \
    --dns rfc2136 --dns.resolvers "$LAB_RESOLVER:53" "${domains[@]}" run
}
prepare_lego() { :; }
run_lego() { # run_lego TASK NAME...
  local name
  if [[ $1 == C ]]; then for name in "${@:2}"; do lego_ "$name" || return; done; else lego_ "${@:2}"; fi
}

certbot_() { # certbot_ COMMAND...
  REQUESTS_CA_BUNDLE=$LAB_CA_BUNDLE certbot "$@" --server "$LAB_ACME_DIRECTORY" --config-dir "$WORK/certbot" \
    --work-dir "$WORK/certbot" --logs-dir "$WORK/certbot" --non-interactive
}
certbot_account() {
  cat >"$WORK/certbot.ini" <<INI
dns_rfc2136_server = $LAB_PRIMARY
dns_rfc2136_name = $LAB_TSIG_NAME
dns_rfc2136_secret = $LAB_TSIG_SECRET
dns_rfc2136_algorithm = HMAC-SHA256
INI
  chmod 600 "$WORK/certbot.ini"
  certbot_ register --agree-tos --email a@example.test
}
certbot_issue() { # certbot_issue NAME...
  local name domains=()
  for name in "$@"; do domains+=(--domain "$name"); done
  certbot_ certonly --force-renewal --key-type ecdsa --dns-rfc2136 --dns-rfc2136-credentials "$WORK/certbot.ini" \
    --dns-rfc2136-propagation-seconds 1 "${domains[@]}"
}
prepare_certbot() { :; }
run_certbot() { # run_certbot TASK NAME...
  local name
  if [[ $1 == C ]]; then for name in "${@:2}"; do certbot_issue "$name" || return; done; else certbot_issue "${@:2}"; fi
}
