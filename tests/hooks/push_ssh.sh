#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed-push-ssh brings both files to a real sshd, and nothing to one that it does not know.
source "$(dirname "$0")/hooks.sh"
needs sshd ssh ssh-keygen
begin

USER_THERE=$(id -un)
PORT=2222
THERE="$WORK/over there's tls"
mkdir "$THERE"

for key in host stranger user; do ssh-keygen -q -t ed25519 -N '' -f "$WORK/$key"; done
cp "$WORK/user.pub" "$WORK/authorized_keys"
echo "[127.0.0.1]:$PORT $(cut -d' ' -f1,2 "$WORK/host.pub")" >"$WORK/known_hosts"
cat >"$WORK/sshd_config" <<CONF
Port $PORT
ListenAddress 127.0.0.1
HostKey $WORK/host
PidFile $WORK/sshd.pid
AuthorizedKeysFile $WORK/authorized_keys
PasswordAuthentication no
StrictModes no
UsePAM no
PermitRootLogin yes
CONF
mkdir -p /run/sshd
"$(command -v sshd)" -D -e -f "$WORK/sshd_config" 2>"$WORK/sshd.log" &
trap 'kill %1; rm -rf "$WORK"' EXIT
expect_success "sshd listens" eventually 10 bash -c "</dev/tcp/127.0.0.1/$PORT" 2>/dev/null

push=(acmed-push-ssh --to "$USER_THERE@127.0.0.1" --port "$PORT" --identity "$WORK/user" --directory "$THERE")
known=(--known-hosts "$WORK/known_hosts")

succeeds "pushed" 1 "${push[@]}" "${known[@]}" -- sh -c "echo \"\$1\" >>'$WORK/reloads'" sh "it's \$HOME; * done"
expect_success "the key is there" cmp "$WORK/1/privkey.pem" "$THERE/privkey.pem"
expect_success "the chain is there" cmp "$WORK/1/fullchain.pem" "$THERE/fullchain.pem"
expect_equal "mode of the key" "$(stat -c %a "$THERE/privkey.pem")" 600
expect_equal "the command ran, its argument as it was" "$(cat "$WORK/reloads")" "it's \$HOME; * done"
succeeds "the renewal is pushed, by other names" 2 "${push[@]}" "${known[@]}" --privkey web.key --fullchain web.pem --mode 0640
expect_success "the key is there" cmp "$WORK/2/privkey.pem" "$THERE/web.key"
expect_equal "mode of the key" "$(stat -c %a "$THERE/web.key")" 640
expect_equal "nothing else lies there" "$(find "$THERE" -mindepth 1 | wc -l)" 4

fails "a command that fails is a failure" 'no such service' 2 "${push[@]}" "${known[@]}" -- sh -c 'echo no such service >&2; exit 3'
expect_equal "and its exit status is the hook's" "$STATUS" 3
fails "a folder that is not there is a failure" 'no/such' 2 "${push[@]}" "${known[@]}" --directory /no/such
fails "a name with a folder in it is refused" 'no plain file name' 2 "${push[@]}" "${known[@]}" --privkey ../key
echo "[127.0.0.1]:$PORT $(cut -d' ' -f1,2 "$WORK/stranger.pub")" >"$WORK/other_hosts"
rm "$THERE/privkey.pem"
fails "a host with another key gets nothing" 'verification failed|host key' 1 "${push[@]}" --known-hosts "$WORK/other_hosts"
: >"$WORK/no_hosts"
fails "nor does a host that is not known" 'verification failed|host key' 1 "${push[@]}" --known-hosts "$WORK/no_hosts"
expect_success "really nothing" test ! -e "$THERE/privkey.pem"
finish
