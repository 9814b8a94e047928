#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Services that go on in TLS when they are asked to are looked at as they speak: mail, directory, database.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

start_lab LAB_ZONES="example.test"
mkdir "$WORK/tls"
targets=
port=2000
services=()
for protocol in smtp imap pop3 ldap postgres; do
  port=$((port + 1))
  services+=("$protocol:$port")
  targets+="
  [[certificate.deploy]]
  name = \"$protocol\"
  verify = { connect = \"127.0.0.1:$port\", starttls = \"$protocol\", server_name = \"www.example.test\" }
  timeout = \"10s\"
"
done
write_config <<TOML
$(primary_provider)
$(certificate site www.example.test)
  [[certificate.deploy]]
  name = "copies"
  directory = "$WORK/tls"
  files = { fullchain = "site.pem", privkey = "site.key" }
$targets
TOML
python3 "$LAB_HOME/../fakes/starttls_server.py" "$WORK/tls/site.pem" "$WORK/tls/site.key" "${services[@]}" 2>"$WORK/server.out" &
OPERATOR_PIDS+=($!)
acmed_once
expect_equal "exit status" "$STATUS" 0
for protocol in smtp imap pop3 ldap postgres; do
  expect_match "what is told of $protocol" "$OUTPUT" "site: deployed to $protocol"
done

# A service of another kind is told as such, and the others are not asked again.
sed -i 's/starttls = "smtp"/starttls = "imap"/; s/"10s"/"1s"/' "$CONFIG"
acmed_once
expect_equal "exit status for a wrong protocol" "$STATUS" 1
expect_match "the sentence" "$OUTPUT" 'target smtp: 127.0.0.1:2001 does not present the new certificate.*does not take STARTTLS: 220-mail.test'
