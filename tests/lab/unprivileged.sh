# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# unprivileged.sh - sourced by cases in which acmed runs as a user without rights (`daemon`) and has acmed-deploy, whose socket is SOCKET, deploy
# into TLS, a folder of root's.
# shellcheck source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
: "${ACMED_DEPLOY:?set it to the path of acmed-deploy}"
[[ $EUID == 0 ]] || { echo "needs root"; trap - EXIT; exit 77; }
command -v systemd-socket-activate >/dev/null || { echo "needs systemd-socket-activate"; trap - EXIT; exit 77; }

SOCKET=/run/acmed-deploy.sock # in this case's own mounts
TLS=$WORK/tls

start_unprivileged_lab() { # start_unprivileged_lab NAME=VALUE...
  mount -t tmpfs -o mode=755 lab-run /run
  chmod 755 "$WORK"
  mkdir "$TLS" "$STATE"
  chown daemon:daemon "$STATE"
  start_lab "$@"
  install -o daemon -m 0400 "$LAB_TSIG_FILE" "$WORK/key"
  install -m 0644 "$LAB_CA_BUNDLE" "$WORK/ca.pem"
  LAB_TSIG_FILE=$WORK/key LAB_CA_BUNDLE=$WORK/ca.pem
}

start_deploy_helper() { # start_deploy_helper [OPTION...]: options of systemd-socket-activate; acmed is the user `daemon` from now on
  /usr/bin/systemd-socket-activate --listen="$SOCKET" --accept --inetd "$@" \
    "$ACMED_DEPLOY" --config "$CONFIG" --state "$WORK/helper" --user daemon >"$WORK/helper.out" 2>&1 &
  OPERATOR_PIDS+=($!)
  expect_eventually "acmed-deploy's socket is there" 20 test -S "$SOCKET"
  chown daemon "$SOCKET"
  chmod 600 "$SOCKET"
  # shellcheck disable=SC2034 # case.sh reads it
  RUNNER=(setpriv --reuid=daemon --regid=daemon --clear-groups --)
}
