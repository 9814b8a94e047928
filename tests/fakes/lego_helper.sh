#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lego_helper.sh present|cleanup FQDN. VALUE        a program as people have them for lego's provider `exec`: it changes
# lego_helper.sh present|cleanup -- DOMAIN TOKEN KEYAUTH    records by nsupdate, and fails at what is done already.
#
# Its environment: SERVER, KEY_FILE; CALLS, a file in which each call is noted; FAULT, a file that makes it hang once it is done.
set -eu
printf '%s\n' "$*" >>"$CALLS"

if [ "$2" = -- ]; then
  name=_acme-challenge.$3.
  value=$(printf %s "$5" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d =)
else
  name=$2
  value=$3
fi
quoted=\"$(printf %s "$value" | sed 's/["\\]/\\&/g')\"

case $1 in
  present) there=no command="add $name 60 TXT" ;;
  cleanup) there=yes command="delete $name TXT" ;;
esac
# dig shows a semicolon with a backslash too.
shown=$(dig +short +norecurse "@$SERVER" "$name" TXT | sed 's/\\;/;/g')
if printf '%s\n' "$shown" | grep -qxF -- "$quoted"; then now=yes; else now=no; fi
[ "$now" = "$there" ] || { echo "already there: $now" >&2; exit 1; }

printf 'server %s\nupdate %s %s\nsend\n' "$SERVER" "$command" "$quoted" | nsupdate -k "$KEY_FILE"
echo "$1: done"
[ ! -e "$FAULT" ] || sleep 1000
