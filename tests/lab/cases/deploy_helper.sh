#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed-deploy works as root for a user without rights (here `daemon`): it installs in a folder of root's, runs what the configuration says, and does
# nothing else, whatever that user asks for and whatever the owner of a target's folder does meanwhile.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
: "${ACMED_DEPLOY:?set it to the path of acmed-deploy}"
[[ $EUID == 0 ]] || { echo "needs root"; trap - EXIT; exit 77; }
command -v systemd-socket-activate >/dev/null || { echo "needs systemd-socket-activate"; trap - EXIT; exit 77; }

SOCKET=$WORK/deploy.sock
HELPER_STATE=$WORK/helper
TLS=$WORK/tls             # root's
HOMEDIR=$WORK/home        # of the user bin, as is the target's folder in it
VICTIM=$WORK/victim
chmod 755 "$WORK"
mkdir "$TLS" "$HOMEDIR" "$HOMEDIR/tls" "$VICTIM"
echo precious >"$VICTIM/important"
echo "another service's key" >"$VICTIM/privkey.pem"
chmod 600 "$VICTIM"/*
chown -R bin:bin "$HOMEDIR"

as_user() { setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"; }

start_lab LAB_ZONES="example.test z0.test"
issued_config() { primary_provider; certificate v example.test; certificate w z0.test; }
issued_config | write_config
acmed_once
expect_equal "exit status" "$STATUS" 0

{
  primary_provider
  certificate v example.test
  cat <<TOML
  [[certificate.deploy]]
  name = "web"
  directory = "$TLS"
  test = ["/usr/bin/test", "-s", "$TLS/privkey.pem"]
  post_hook = ["/bin/sh", "-c", "id -u >$WORK/hook-ran-as; cat >/dev/null"]
  [[certificate.deploy]]
  name = "svc"
  directory = "$HOMEDIR/tls"
  owner = "bin"
  mode = 0o600

TOML
  certificate w z0.test
} | write_config
# A secret that only the daemon can have: the helper needs none.
sed -i 's#secret = { file = "[^"]*" }#secret = { credential = "of-the-daemon" }#' "$CONFIG"

/usr/bin/systemd-socket-activate --listen="$SOCKET" --accept --inetd \
  "$ACMED_DEPLOY" --config "$CONFIG" --state "$HELPER_STATE" --user daemon >"$WORK/helper.out" 2>&1 &
OPERATOR_PIDS+=($!)
eventually 20 test -S "$SOCKET"
chown daemon "$SOCKET"
chmod 600 "$SOCKET"

contents() { # contents NAME [NAME OF THE KEY]
  local d=$STATE/live/$1
  jq -n --rawfile k "$STATE/live/${2:-$1}/privkey.pem" --rawfile c "$d/cert.pem" --rawfile h "$d/chain.pem" --rawfile f "$d/fullchain.pem" \
    '[{privkey: $k, cert: $c, chain: $h, fullchain: $f}]'
}
request() { # request OPERATION [TARGET [CERTIFICATE [MORE MEMBERS]]]
  printf '{"operation":"%s","subjects":[{"certificate":"%s","target":"%s","generation":1}]%s}' "$1" "${3:-v}" "${2:-web}" "${4:-}"
}
ask() { # ask REQUEST [CONTENTS]: as the user daemon, with the files of v, in sealed memory by itself
  contents v | as_user daemon /usr/bin/python3 "$LAB_HOME/deploy_client.py" "$SOCKET" "$1" "${2:-sealed}"
}
expect_answer() { # expect_answer WHAT PATTERN ANSWER
  expect_success "$1" grep -qE -- "$2" <<<"$3"
  grep -qE -- "$2" <<<"$3" || echo "    it was: $3"
}
hidden() { find "$TLS" "$HOMEDIR/tls" -name '.acmed-*' 2>/dev/null; }
expect_untouched() {
  expect_equal "$1: root's files" "$(cat "$VICTIM/important" "$VICTIM/privkey.pem"; find "$VICTIM" -printf '%u %m %f\n' | sort)" "$VICTIM_BEFORE"
}
VICTIM_BEFORE=$(cat "$VICTIM/important" "$VICTIM/privkey.pem"; find "$VICTIM" -printf '%u %m %f\n' | sort)

echo "--- what the configuration says is done"
expect_answer "installed" '"result":"done"' "$(ask "$(request install)")"
expect_success "the pair is in root's folder" cmp "$TLS/privkey.pem" "$STATE/live/v/privkey.pem"
expect_equal "owner and mode" "$(stat -c '%U %a' "$TLS/privkey.pem")" "root 640"
expect_answer "tested" '"result":"done"' "$(ask "$(request test)")"
expect_answer "hook" '"result":"done"' "$(ask "$(request hook)")"
expect_equal "the hook ran as" "$(cat "$WORK/hook-ran-as")" 0
expect_answer "kept" '"result":"done"' "$(ask "$(request keep)")"
expect_equal "hidden names" "$(hidden)" ""
expect_answer "installed for a service" '"result":"done"' "$(ask "$(request install svc)")"
expect_answer "taken back" '"result":"done"' "$(ask "$(request put_back svc)")"
expect_equal "files after that" "$(ls -A "$HOMEDIR/tls")" ""
expect_answer "installed again" '"result":"done"' "$(ask "$(request install svc)")"
ask "$(request keep svc)" >/dev/null
expect_equal "owner and mode" "$(stat -c '%U %a' "$HOMEDIR/tls/privkey.pem")" "bin 600"
expect_equal "the journals' folder" "$(stat -c '%U %a' "$HELPER_STATE")" "root 700"

echo "--- nothing else is"
before=$(find "$TLS" "$HOMEDIR" -type f -exec sha256sum {} + | sort)
expect_answer "another certificate" 'no certificate \\"x\\"' "$(ask "$(request install web x)")"
expect_answer "another target" 'no target \\"ssh\\"' "$(ask "$(request install ssh)")"
expect_answer "a path as a target" 'no target' "$(ask "$(request install ../../etc)")"
expect_answer "a directory" 'a member that is not known' "$(ask "$(request install web v ',"directory":"/etc"')")"
expect_answer "a command" 'no such operation' "$(ask "$(request run)")"
expect_answer "a unit" 'does not name that unit' "$(ask "$(request apply web v ',"unit":"ssh.service"')")"
expect_answer "a program that is not there" 'no such program' "$(ask "$(request hook svc)")"
expect_answer "garbage" 'no JSON object' "$(ask "install everything")"
expect_answer "nothing" 'no request has come|closed' "$(ask -)"
expect_answer "a long line" 'no JSON object' "$(ask "$(head -c 300000 /dev/zero | tr '\0' x | head -c 120000)")"
expect_answer "contents that can change" 'not in sealed memory' "$(ask "$(request install)" open)"
expect_answer "a file in place of contents" 'not in sealed memory' "$(ask "$(request install)" /etc/hostname)"
expect_answer "the key of another certificate" 'the key is not that' \
  "$(contents v w | as_user daemon /usr/bin/python3 "$LAB_HOME/deploy_client.py" "$SOCKET" "$(request install)" sealed)"
expect_answer "another certificate's pair" 'not for the names' \
  "$(contents w | as_user daemon /usr/bin/python3 "$LAB_HOME/deploy_client.py" "$SOCKET" "$(request install)" sealed)"
expect_answer "another user, by the socket's mode" 'closed: Permission denied' \
  "$(contents v | as_user bin /usr/bin/python3 "$LAB_HOME/deploy_client.py" "$SOCKET" "$(request install)" sealed)"
chmod 666 "$SOCKET"
expect_answer "another user, where the mode lets him in" 'may not ask|closed' \
  "$(contents v | as_user bin /usr/bin/python3 "$LAB_HOME/deploy_client.py" "$SOCKET" "$(request install)" sealed)"
expect_success "the log says who it was" grep -q 'the user bin may not ask' "$WORK/helper.out"
chmod 600 "$SOCKET"
chmod 666 "$CONFIG"
expect_answer "a configuration that others can write" 'run: chmod o-w' "$(ask "$(request install)")"
chmod 600 "$CONFIG"
chown daemon "$CONFIG"
expect_answer "a configuration of the one who asks" 'run: chown' "$(ask "$(request install)")"
chown root "$CONFIG"
expect_equal "the targets' files" "$(find "$TLS" "$HOMEDIR" -type f -exec sha256sum {} + | sort)" "$before"

echo "--- the owner of a target's folder"
as_user bin bash -c "mv $HOMEDIR/tls $HOMEDIR/was; ln -s $VICTIM $HOMEDIR/tls"
expect_answer "a link" 'not deployed through a link' "$(ask "$(request install svc)")"
expect_untouched "a link"
as_user bin bash -c "rm $HOMEDIR/tls; mv $HOMEDIR/was $HOMEDIR/tls; mkfifo $HOMEDIR/fifo; mv -f $HOMEDIR/fifo $HOMEDIR/tls/privkey.pem"
former=$HOMEDIR/tls/.acmed-$(printf 'v/svc' | sha256sum | cut -c1-16)-journal
as_user bin bash -c "echo '[{\"name\":\"important\",\"existed\":false}]' >$former"
expect_answer "a pipe and a planted journal" '"result":"done"' "$(ask "$(request install svc)")"
ask "$(request keep svc)" >/dev/null
expect_equal "hidden names" "$(hidden)" ""
as_user bin bash -c "ln -s $VICTIM $HOMEDIR/link"
as_user bin /usr/bin/python3 - "$HOMEDIR/tls" "$HOMEDIR/link" <<'PY' &
import ctypes, sys
libc = ctypes.CDLL(None)
while True:
    libc.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)
PY
swapper=$!
for _ in 1 2 3 4 5 6 7 8; do
  ask "$(request install svc)" >>"$WORK/answers"
  ask "$(request put_back svc)" >>"$WORK/answers"
done
kill "$swapper"
wait "$swapper" 2>/dev/null || true
expect_equal "answers" "$(grep -c '"result"' "$WORK/answers")" 16
expect_untouched "a folder that is exchanged again and again"

echo "--- many at a time"
clients=()
for n in $(seq 60); do
  as_user daemon /usr/bin/python3 "$LAB_HOME/deploy_client.py" "$SOCKET" "$n" </dev/null >>"$WORK/many" 2>&1 &
  clients+=($!)
done
wait "${clients[@]}" || true
expect_answer "one after them" '"result":"done"' "$(ask "$(request install)")"
expect_answer "and kept" '"result":"done"' "$(ask "$(request keep)")"
expect_untouched "in the end"
