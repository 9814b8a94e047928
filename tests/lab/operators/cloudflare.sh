# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# cloudflare.sh - a fake of Cloudflare's API v4, tests/fakes/cloudflare.py, and the zones that it serves. ZONE may be several,
# with blanks between them.

start_cloudflare() { # start_cloudflare ZONE ADDRESS
  local d=$WORK/cloudflare
  CLOUDFLARE_API=$2:8080 CLOUDFLARE_DIR=$d
  export CLOUDFLARE_API CLOUDFLARE_DIR
  mkdir "$d"
  (
    umask 077
    openssl rand -hex 20 >"$d/token"
    openssl rand -hex 20 >"$d/zone-token"
    cloudflare_settings "$1" >"$d/settings.json"
  )
  ip addr add "$2/32" dev lo
  spawn_operator cloudflare "$LAB_HOME/../fakes/cloudflare.py" "$2" 8080 "$d/settings.json"
}

# Each zone is on its way into another account, too. The token that edits cannot list zones, and the other way round.
cloudflare_settings() { # cloudflare_settings ZONE
  local zone zones=()
  for zone in $1; do
    zones+=("{\"id\": \"$(openssl rand -hex 16)\", \"name\": \"$zone\", \"status\": \"pending\"}")
    zones+=("{\"id\": \"$(openssl rand -hex 16)\", \"name\": \"$zone\", \"status\": \"active\"}")
  done
  cat <<JSON
{"zones": [$(IFS=,; echo "${zones[*]}")],
 "tokens": {"$(cat "$CLOUDFLARE_DIR/token")": {"user": "one", "edit": "*"},
            "$(cat "$CLOUDFLARE_DIR/zone-token")": {"user": "one", "read": "*"}}}
JSON
}

provider_cloudflare() { # provider_cloudflare ZONE
  # shellcheck disable=SC2086
  cat <<TOML
[provider.cf]
type = "cloudflare"
token = { file = "$CLOUDFLARE_DIR/token" }
zone_token = { file = "$CLOUDFLARE_DIR/zone-token" }
url = "http://$CLOUDFLARE_API/client/v4"
zones = [$(quoted $1)]

TOML
}

admin_cloudflare() { # admin_cloudflare WHAT [CURL OPTION...]
  curl --silent --show-error --fail "${@:2}" "http://$CLOUDFLARE_API/admin/$1"
}

control_cloudflare() {
  case $1 in
    values) admin_cloudflare "values?name=$2" ;;
    put) admin_cloudflare put --data "{\"name\": \"$2\", \"content\": \"$3\"}" ;;
    fault) admin_cloudflare fault --data "{\"kind\": \"$2\"}" ;;
    heal) admin_cloudflare heal --data '{}' ;;
  esac
}

secrets_cloudflare() { cat "$CLOUDFLARE_DIR/token" "$CLOUDFLARE_DIR/zone-token"; }
answers_cloudflare() { echo "$CLOUDFLARE_API"; }
