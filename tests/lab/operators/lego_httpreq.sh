# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lego_httpreq.sh - an endpoint for lego's provider `httpreq`, with a user and a password.

start_lego_httpreq() { # start_lego_httpreq ZONE ADDRESS
  local d=$WORK/httpreq
  export HTTPREQ_FOLDER=$d HTTPREQ_URL=http://$2:8080
  mkdir "$d"
  (umask 077; openssl rand -hex 16 >"$d/password"; openssl rand -hex 16 >"$d/wrong-password"; cp "$d/password" "$d/used-password")
  spawn_operator httpreq "$LAB_HOME/../fakes/httpreq_server.py" "$2" "$1" "$d"
}

provider_lego_httpreq() { # provider_lego_httpreq ZONE [MODE]
  cat <<TOML
[provider.lego_httpreq]
type = "lego-httpreq"
endpoint = "$HTTPREQ_URL/dns"
mode = "${2:-default}"
username = "operator"
password = { file = "$HTTPREQ_FOLDER/used-password" }
timeout = "3s"
zones = ["$1"]

TOML
}

control_lego_httpreq() {
  case $1 in
    values) curl -fsS "$HTTPREQ_URL/values/$2" ;;
    put) curl -fsS --data-binary "$3" "$HTTPREQ_URL/put/$2" ;;
    fault)
      case $2 in
        credentials) cp "$HTTPREQ_FOLDER/wrong-password" "$HTTPREQ_FOLDER/used-password" ;;
        *) printf %s "$2" >"$HTTPREQ_FOLDER/fault" ;;
      esac
      ;;
    heal)
      rm -f "$HTTPREQ_FOLDER/fault"
      cp "$HTTPREQ_FOLDER/password" "$HTTPREQ_FOLDER/used-password"
      ;;
  esac
}

secrets_lego_httpreq() { cat "$HTTPREQ_FOLDER/password"; }
answers_lego_httpreq() { echo "${HTTPREQ_URL#http://}"; }
