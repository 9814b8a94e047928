# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# route53.sh - a fake of AWS Route 53, tests/fakes/route53.py, and the zone that it serves.

start_route53() { # start_route53 ZONE ADDRESS
  local d=$WORK/route53
  ROUTE53_API=$2:8080 ROUTE53_DIR=$d
  export ROUTE53_API ROUTE53_DIR
  mkdir "$d"
  (
    umask 077
    openssl rand -base64 30 >"$d/secret-key"
    route53_settings "$1" >"$d/settings.json"
  )
  ip addr add "$2/32" dev lo
  spawn_operator route53 "$LAB_HOME/../fakes/route53.py" "$2" 8080 "$d/settings.json"
}

# Beside the zone, a private one and a public one of the same name, to which the DNS does not lead. The key may do what
# docs/route53.md says, and no more.
route53_settings() { # route53_settings ZONE
  cat <<JSON
{"zones": [{"id": "Z0PRIVATE", "name": "$1", "private": true}, {"id": "Z1LEFTOVER", "name": "$1", "delegated": false},
           {"id": "Z2DELEGATED", "name": "$1"}, {"id": "Z3OTHER", "name": "elsewhere.test", "delegated": false}],
 "keys": {"AKIAACMED": {"secret": "$(cat "$ROUTE53_DIR/secret-key")",
                        "zones": ["Z1LEFTOVER", "Z2DELEGATED"],
                        "allow": ["route53:ListHostedZonesByName", "route53:GetChange", "route53:ListResourceRecordSets",
                                  "route53:ChangeResourceRecordSets"]}}}
JSON
}

provider_route53() { # provider_route53 ZONE
  cat <<TOML
[provider.aws]
type = "route53"
access_key_id = "AKIAACMED"
secret_access_key = { file = "$ROUTE53_DIR/secret-key" }
url = "http://$ROUTE53_API"
zones = ["$1"]

TOML
}

admin_route53() { # admin_route53 WHAT [CURL OPTION...]
  curl --silent --show-error --fail "${@:2}" "http://$ROUTE53_API/admin/$1"
}

control_route53() {
  case $1 in
    values) admin_route53 "values?name=$2" ;;
    put) admin_route53 put --data "{\"name\": \"$2\", \"value\": \"$3\"}" ;;
    fault) admin_route53 fault --data "{\"kind\": \"$2\"}" ;;
    heal) admin_route53 heal --data '{}' ;;
  esac
}

secrets_route53() { cat "$ROUTE53_DIR/secret-key"; }
answers_route53() { echo "$ROUTE53_API"; }
