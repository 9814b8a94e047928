# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# smallstep.sh - sourced by cases about the ACME server of smallstep (step-ca), as Caddy has it built in: acme_server, with a CA of its own.
#
# CADDY names the program, 2.11 or newer: `tests/lab/newer caddy sid` unpacks one.
# shellcheck source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
: "${CADDY:?set it to the path of caddy}"

SMALLSTEP_ADDRESS=127.0.0.1:14600
SMALLSTEP_DIRECTORY=https://$SMALLSTEP_ADDRESS/acme/local/directory

start_smallstep() { # start_smallstep LIFETIME: of its certificates, shorter than seven days; sets ROOTS
  local d=$WORK/caddy
  mkdir -p "$d"
  cat >"$d/Caddyfile" <<CADDY
{
  admin off
  skip_install_trust
  storage file_system $d/storage
  pki {
    ca local {
      intermediate_lifetime 6d
    }
  }
}
https://$SMALLSTEP_ADDRESS {
  tls $WORK/lab/tls/server.crt $WORK/lab/tls/server.key
  acme_server {
    challenges dns-01
    resolvers $LAB_CA_RESOLVER:53
    lifetime $1
    allow_wildcard_names
  }
}
CADDY
  HOME=$d "$CADDY" run --config "$d/Caddyfile" --adapter caddyfile >"$d/log" 2>&1 &
  OPERATOR_PIDS+=("$!")
  eventually 60 smallstep_answers || { tail -n 20 "$d/log"; failed "the CA does not answer"; exit 1; }
  ROOTS=$d/storage/pki/authorities/local/root.crt
}
smallstep_answers() { curl -sf -o /dev/null -m 2 --cacert "$WORK/lab/tls/ca.crt" "$SMALLSTEP_DIRECTORY"; }

smallstep_ca() { # the table [ca.smallstep]
  cat <<TOML
[ca.smallstep]
directory = "$SMALLSTEP_DIRECTORY"
trust = "$LAB_CA_BUNDLE"
terms_agreed = true

TOML
}
