#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A certificate whose value is long in going holds up no other, even where the CA takes one order at a time: the first one's
# removal waits here until the second is issued, and the second's value until that removal has begun.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"

plugin() { # plugin NAME ZONE ACTION UNTIL: changes with ACTION in them are noted in NAME.came, and wait until UNTIL is there
  cat >"$WORK/$1.sh" <<SH
#!/usr/bin/env bash
while IFS= read -r line; do
  if [[ \$line == *'"$3"'* ]]; then
    touch "$WORK/$1.came"
    until [[ -e $4 ]]; do sleep 0.02; done
  fi
  echo "\$line"
done | "$LAB_HOME/../../providers/exec/examples/nsupdate.sh"
SH
  chmod +x "$WORK/$1.sh"
  cat <<TOML
[provider.$1]
type = "exec"
command = ["$WORK/$1.sh"]
environment = { SERVER = "$LAB_PRIMARY", KEY_FILE = "$LAB_TSIG_FILE" }
timeout = "20s"
zones = ["$2"]

TOML
}

start_lab
write_config < <(
  plugin first z0.test remove "$STATE/live/second/cert.pem"
  plugin second z1.test add "$WORK/first.came"
  certificate first z0.test
  certificate second z1.test
)
sed -i 's/^\[ca.lab\]$/&\nconcurrency = 1/' "$CONFIG"
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_issued first z0.test
expect_issued second z1.test
expect_no_txt z0.test z1.test
