#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed itself runs as a user without rights (`daemon`) and deploys into a folder of root's by acmed-deploy, whose socket is there: the files are root's, test and hook
# run as root, and a test that fails puts the former files back.
# shellcheck source=../unprivileged.sh
source "$(dirname "$0")/../unprivileged.sh"

start_unprivileged_lab LAB_ZONES="example.test"

config() { # config [KEY TYPE]
  write_config <<TOML
$(primary_provider)
$(certificate v example.test)
  key_type = "${1:-ecdsa-p256}"
  [[certificate.deploy]]
  name = "web"
  directory = "$TLS"
  mode = 0o600
  test = ["/usr/bin/test", "!", "-e", "$WORK/fail"]
  post_hook = ["/bin/sh", "-c", "id -u >>$WORK/hook-ran-as; cat >/dev/null"]
TOML
}
config
start_deploy_helper

is_deployed() { cmp -s "$TLS/privkey.pem" "$STATE/live/v/privkey.pem" && cmp -s "$TLS/fullchain.pem" "$STATE/live/v/fullchain.pem"; }

acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued v example.test
expect_success "the pair is in root's folder" is_deployed
expect_equal "owner and mode" "$(stat -c '%U %a' "$TLS/privkey.pem")" "root 600"
expect_equal "the hook ran as" "$(cat "$WORK/hook-ran-as")" 0
expect_equal "hidden names" "$(find "$TLS" -name '.acmed-*')" ""
expect_equal "journals" "$(find "$WORK/helper" "$STATE/deployments" -name '*.json')" ""

echo "--- a test that fails"
former=$(sha256sum "$TLS"/*.pem)
touch "$WORK/fail"
config ecdsa-p384
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_success "the failure is told" grep -q 'the former files are back' <<<"$OUTPUT"
expect_equal "the files" "$(sha256sum "$TLS"/*.pem)" "$former"
rm "$WORK/fail"
acmed_once
expect_equal "exit status after the mend" "$STATUS" 0
expect_success "the new pair is in root's folder" is_deployed

echo "--- without the helper"
kill "${OPERATOR_PIDS[-1]}"
rm -f "$SOCKET" "$TLS/privkey.pem"
acmed_once
expect_equal "exit status" "$STATUS" 1
expect_success "the folder is not writable" grep -q 'Permission denied' <<<"$OUTPUT"
