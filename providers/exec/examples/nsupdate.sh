#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nsupdate.sh - a plug-in for acmed (type = "exec", see PROTOCOL.md) that changes records through BIND's nsupdate. For what
# acmed's own rfc2136 does not do: other ways to sign, such as GSS-TSIG with a Kerberos ticket (NSUPDATE_OPTIONS = "-g").
#
# Needs nsupdate (bind9-dnsutils) and jq. Its environment:
#   SERVER            the primary and, if it is not 53, its port: "ns1.example.com", "192.0.2.1 5353"
#   KEY_FILE          optional: a TSIG key as tsig-keygen writes it
#   NSUPDATE_OPTIONS  optional: more options for nsupdate
set -u

# One jq takes the requests apart for the loop: "ID METHOD ZONE" and, for apply, what nsupdate is to do, then a dot. A message of DNS
# has 64 KiB, so there are 100 changes in each. An update of a name with a CNAME would be ignored in silence, hence "prereq".
# shellcheck disable=SC2016
requests='
  def quoted: "\"" + gsub("(?<c>[\"\\\\])"; "\\" + .c) + "\"";
  def update:
    if .action == "add" then "update add \(.name). \(.ttl) TXT \(.value | quoted)"
    else "update delete \(.name). TXT \(.value | quoted)" end;
  if .method == "apply" then
    "\(.id) apply \(.zone)",
    (.changes | range(0; length; 100) as $i | .[$i:$i + 100]
      | (map(select(.action == "add").name) | unique | .[] | "prereq nxrrset \(.). CNAME"), (.[] | update), "send"),
    "."
  else "\(.id) \(.method) -" end'

answer_error() { # answer_error ID KIND MESSAGE
  jq -cn --argjson id "$1" --arg kind "$2" --arg message "$3" '{$id, error: {$kind, $message}}'
}

apply() { # apply ID ZONE, with nsupdate's commands on standard input
  # shellcheck disable=SC2086
  said=$({
    printf 'server %s\nzone %s\n' "$SERVER" "$2"
    while IFS= read -r command && [ "$command" != . ]; do printf '%s\n' "$command"; done
  } | nsupdate -t 30 ${KEY_FILE:+-k "$KEY_FILE"} ${NSUPDATE_OPTIONS:-} 2>&1)
  status=$?
  case $status:$said in
    0:*) printf '{"id":%s,"ok":true}\n' "$1" ;;
    *YXRRSET*) answer_error "$1" refused "a CNAME stands at one of the names: the value belongs at its target" ;;
    *REFUSED* | *NOTAUTH* | *BADKEY* | *BADSIG*)
      answer_error "$1" refused "server $SERVER refuses the update ($said): let the key change TXT records in zone $2"
      ;;
    *) answer_error "$1" retry "nsupdate exited with $status: $said" ;;
  esac
}

jq --unbuffered -r "$requests" | while read -r id method zone; do
  case $method in
    hello)
      if [ -z "${SERVER:-}" ]; then
        answer_error "$id" refused "SERVER is not set: name the primary in environment"
      else
        printf '{"id":%s,"version":1}\n' "$id"
      fi
      ;;
    apply) apply "$id" "$zone" ;;
    *) answer_error "$id" unsupported "$method" ;;
  esac
done
