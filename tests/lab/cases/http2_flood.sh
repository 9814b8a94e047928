#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A CA that floods with HTTP/2 frames in place of an answer: other certificates are issued meanwhile, and SIGTERM is obeyed.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test z0.test"
flood() { # flood KIND
  python3 "$LAB_HOME/http2_flood.py" 127.0.0.1:15443 "$WORK/lab/tls/server.crt" "$WORK/lab/tls/server.key" "$1" >"$WORK/flood.out" 2>&1 &
  FLOOD=$!
}
floods() { [[ $(grep -c flooding "$WORK/flood.out") -ge ${1:-1} ]]; }
listens() { (exec 3<>/dev/tcp/127.0.0.1/15443) 2>/dev/null; }

for kind in empty-data priority ping; do
  echo "--- $kind"
  rm -rf "$STATE"
  flood "$kind"
  expect_eventually "the flood is ready" 5 listens
  {
    primary_provider
    printf '[ca.flood]\ndirectory = "https://127.0.0.1:15443/dir"\ntrust = "%s"\nterms_agreed = true\n\n' "$LAB_CA_BUNDLE"
    certificate victim z0.test
    printf 'ca = "flood"\n'
    certificate healthy example.test
  } | write_config
  start_daemon
  expect_eventually "the CA floods" 10 floods
  expect_eventually "the other certificate is issued" 10 daemon_said 'healthy: issued'
  # By what it sends at once or, where this host is too slow for that, by the time that it takes.
  expect_eventually "the sentence names the CA" 40 daemon_said 'victim: not issued: .*127\.0\.0\.1:15443'
  stop_daemon
  expect_equal "exit status" "$STATUS" 0
  expect_at_most "milliseconds to the end" "$ELAPSED" 5000
  kill "$FLOOD"
done
