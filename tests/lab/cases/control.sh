#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The control API of a running daemon, asked with curl: what it shows, a renewal followed to its end, a wrong configuration with its faults, who
# may do what, the reading half by TCP, and what thousands of spoiled requests change: nothing. A million of them, by hand:
#   ACMED=build/release/daemon/acmed SPOILED=1000000 tests/lab/lab netns tests/lab/cases/control.sh
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
[[ $EUID == 0 ]] || { echo "needs root"; trap - EXIT; exit 77; }

SOCKET=$WORK/control.sock
HTTP=127.0.0.9:9180
chmod 755 "$WORK"
cp /etc/group "$WORK/group"
printf 'acmed-view:x:64001:\nacmed-admin:x:64002:\n' >>"$WORK/group"
mount --bind "$WORK/group" /etc/group # in this case's own mounts
start_lab LAB_ZONES="example.test" LAB_SEC1_DELAY=1

config() {
  write_config <<TOML
$(primary_provider)
[control]
socket = "$SOCKET"
[http]
listen = ["$HTTP"]
hosts = ["acmed.corp.test"]
$(certificate one example.test)
  [[certificate.deploy]]
  name = "copy"
  directory = "$WORK/copy"
$(certificate two www.example.test)
TOML
}

as() { # as GROUP COMMAND...: a user of no other right
  setpriv --reuid=nobody --regid=nogroup --groups "$1" -- "${@:2}"
}
ask() { curl -sS --max-time 20 --unix-socket "$SOCKET" "http://acmed$1" "${@:2}"; } # ask TARGET [CURL'S ARGUMENTS]
status_of() { curl -sS --max-time 20 -o /dev/null -w '%{http_code}' "$@"; }
asked() { # asked TARGET FILTER: what jq finds in the answer
  ask "$1" | jq -r "$2"
}
state_is() { [[ $(asked "/v1/certificates/$1" .state) == "$2" ]]; } # state_is NAME STATE
operation_ended() { [[ $(asked "/v1/operations/$1" .state) != running ]]; }

mkdir "$WORK/copy"
config
start_daemon
expect_eventually "the socket is there" 20 test -S "$SOCKET"
expect_eventually "one is valid" 40 state_is one valid
expect_eventually "two is valid" 40 state_is two valid

echo "--- what is seen"
expect_equal "counts" "$(asked /v1/status '.certificates | "\(.total) \(.states.valid)"')" "2 2"
expect_equal "the list" "$(asked /v1/certificates '[.certificates[].name] | join(" ")')" "one two"
expect_equal "serial in service" "$(asked /v1/certificates/one '.live.serial | ascii_upcase | ltrimstr("0")')" "$(serial one | sed 's/^0*//')"
expect_equal "the target is in step" "$(asked /v1/certificates/one '.targets[0].in_step')" true
expect_equal "an account" "$(asked /v1/accounts '.accounts[0].url | startswith("https://")')" true
expect_match "who is meant" "$(ask /v1/certificates/onee)" 'did you mean one\?'
expect_match "metrics" "$(ask /metrics)" '^acmed_certificate_not_after_timestamp_seconds\{certificate="one",ca="lab"\} [0-9]+$'
if command -v promtool >/dev/null; then expect_success "promtool takes the metrics" bash -c "curl -sS --unix-socket '$SOCKET' http://acmed/metrics | promtool check metrics"; fi
expect_match "the page" "$(ask /)" '<title>acmed</title>'
everything=$(for target in / /metrics /v1/status /v1/certificates /v1/certificates/one /v1/accounts /v1/openapi.json; do ask "$target"; done)
secret=$(sed -n 's/.*secret "\(.*\)".*/\1/p' "$LAB_TSIG_FILE")
tells_no_secret() { [[ -n $secret && $everything != *"$secret"* && $everything != *"PRIVATE KEY"* ]]; }
expect_success "no secret is told" tells_no_secret

echo "--- a renewal"
(ask "/v1/events?since=0" -N --max-time 60 >"$WORK/events" 2>/dev/null || true) &
follower=$!
before=$(generation one)
operation=$(ask /v1/certificates/one/renew -X POST | jq -r .id)
expect_eventually "the renewal ends" 60 operation_ended "$operation"
expect_equal "it has succeeded" "$(asked "/v1/operations/$operation" .state)" succeeded
expect_equal "its steps" "$(asked "/v1/operations/$operation" '[.steps[].step] | join(" ")')" "ordered published propagation validated issued deployed"
expect_different "generation" "$(generation one)" "$before"
expect_equal "the other one is left alone" "$(generation two)" 0001
heard() { grep -q "^event: $1\$" "$WORK/events"; }
for event in began ordered published propagation propagated validated issued deployed ended operation; do
  expect_eventually "event $event" 5 heard "$event"
done
last=$(sed -n 's/^id: //p' "$WORK/events" | tail -n 1)
kill "$follower" 2>/dev/null || true
wait "$follower" 2>/dev/null || true
expect_equal "nothing is repeated" "$(ask "/v1/events" -H "Last-Event-ID: $last" -N --max-time 1 2>/dev/null | grep -c '^id:' || true)" 0
rm "$WORK/copy/cert.pem" "$WORK/copy/fullchain.pem" 2>/dev/null || true
operation=$(ask /v1/certificates/one/deploy -X POST -d '{"target": "copy"}' | jq -r .id)
expect_eventually "a deployment ends" 20 operation_ended "$operation"
expect_success "its files are there again" cmp "$WORK/copy/fullchain.pem" "$STATE/live/one/fullchain.pem"

echo "--- a wrong configuration"
cp "$CONFIG" "$WORK/good.toml"
printf 'certifcate = 1\nfoo = 2\n' >>"$CONFIG"
answer=$(ask /v1/reload -X POST -w '\n%{http_code}')
expect_equal "status" "$(tail -n 1 <<<"$answer")" 422
expect_equal "faults" "$(head -n 1 <<<"$answer" | jq -r '[.faults[] | "\(.line > 0) \(.column)"] | join(" ")')" "true 1 true 1"
{ cat "$WORK/good.toml"; certificate three ftp.example.test; } >"$CONFIG"
expect_equal "a right one" "$(ask /v1/reload -X POST -o /dev/null -w '%{http_code}')" 200
expect_eventually "its certificate is issued" 40 state_is three valid
expect_equal "the socket is the same" "$(asked /v1/status .certificates.total)" 3

echo "--- who may do what"
local_status() { status_of --unix-socket "$SOCKET" "$@"; }
url=http://acmed/v1/status
change=http://acmed/v1/certificates/one/deploy
export -f status_of
expect_equal "a stranger looks" "$(as 64000 curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" $url)" 403
expect_equal "acmed-view looks" "$(as 64001 curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" $url)" 200
expect_equal "acmed-view changes" "$(as 64001 curl -sS -o /dev/null -w '%{http_code}' -X POST --unix-socket "$SOCKET" $change)" 403
expect_equal "acmed-admin changes" "$(as 64002 curl -sS -o /dev/null -w '%{http_code}' -X POST --unix-socket "$SOCKET" $change)" 202
expect_equal "root changes" "$(local_status -X POST $change)" 202
expect_equal "a body of a mebibyte" "$(head -c 1048576 /dev/zero | local_status -X POST --data-binary @- $change)" 413

echo "--- by TCP"
expect_equal "looks" "$(status_of "http://$HTTP/v1/status")" 200
expect_equal "its name" "$(status_of -H 'Host: acmed.corp.test' "http://$HTTP/v1/status")" 200
expect_equal "a foreign name" "$(status_of -H 'Host: evil.test' "http://$HTTP/v1/status")" 421
expect_equal "a change" "$(status_of -X POST "http://$HTTP/v1/certificates/one/renew")" 405

echo "--- spoiled requests"
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$DAEMON/status"; }
in_service() { echo "$(serial one) $(generation one) $(generation two)"; }
former=$(in_service)
python3 "$LAB_HOME/spoiled_requests.py" "$SOCKET" 2000 >/dev/null # what is allocated once
before=$(memory)
if ((SLOW_BUILD_MS > 0)); then # whose memory says nothing
  expect_success "2,000 of them" python3 "$LAB_HOME/spoiled_requests.py" "$SOCKET" 2000
else
  expect_success "${SPOILED:=20000} of them" python3 "$LAB_HOME/spoiled_requests.py" "$SOCKET" "$SPOILED"
  expect_at_most "memory kept (KiB)" $(($(memory) - before)) 4096
fi
expect_equal "nothing is renewed" "$(in_service)" "$former"
expect_equal "it answers" "$(local_status $url)" 200

echo "--- the end"
(ask /v1/events -N --max-time 30 >/dev/null 2>&1 || true) &
stop_daemon
expect_equal "exit status" "$STATUS" 0
expect_at_most "it ends in time (ms)" "$ELAPSED" $((5000 + SLOW_BUILD_MS))
expect_success "the socket is gone" test ! -e "$SOCKET"
wait
