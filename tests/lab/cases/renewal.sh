#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon renews by itself at the configured share of a certificate's life, and deploys each time.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test" LAB_VALIDITY=6
write_config <<TOML
$(primary_provider)
$(certificate short example.test)
  [[certificate.deploy]]
  name = "log"
  post_hook = ["/bin/sh", "-c", "echo \$ACMED_SERIAL >>$WORK/serials"]
TOML
start_daemon
third() { [[ $(wc -l <"$WORK/serials") -ge 3 ]]; }
expect_eventually "three generations are deployed" 30 third 2>/dev/null
expect_success "a valid certificate is live at all times" openssl x509 -checkend 0 -noout -in "$STATE/live/short/cert.pem"
stop_daemon
expect_equal "exit status" "$STATUS" 0
expect_equal "different serials" "$(sort -u "$WORK/serials" | wc -l)" "$(wc -l <"$WORK/serials")"
expect_equal "accounts at the CA" "$(ca_total accounts)" 1
expect_no_txt example.test
