#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A key that stays in a TPM (swtpm), by its handle and by the file that the TPM has wrapped: issued, renewed and changed, no file has it, the
# certificate is for the TPM's key, a wrong password is offered once, and what fails while the TPM is away is done when it is back.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
# shellcheck source=../held_key.sh
source "$(dirname "$0")/../held_key.sh"

provider=$(openssl version -m | sed 's/^MODULESDIR: "\(.*\)"$/\1/')/tpm2.so
for needed in swtpm tpm2_createprimary; do
  command -v "$needed" >/dev/null || { echo "needs $needed"; trap - EXIT; exit 77; }
done
[[ -e $provider ]] || { echo "needs $provider"; trap - EXIT; exit 77; }

start_lab LAB_ZONES="example.test"
mkdir -m 0700 "$WORK/tpm" "$WORK/keys" "$WORK/tls"
export TPM2TOOLS_TCTI="swtpm:path=$WORK/tpm/socket" TPM2OPENSSL_TCTI="swtpm:path=$WORK/tpm/socket" TSS2_LOG=all+none
start_tpm() {
  swtpm socket --tpm2 --tpmstate dir="$WORK/tpm" --server type=unixio,path="$WORK/tpm/socket" --ctrl type=unixio,path="$WORK/tpm/socket.ctrl" \
    --flags not-need-init,startup-clear --daemon --pid file="$WORK/tpm/pid"
}
stop_tpm() {
  local pid
  pid=$(<"$WORK/tpm/pid")
  tpm_is_gone() { ! kill -0 "$pid" 2>/dev/null; }
  kill "$pid"
  expect_eventually "the TPM is gone" 10 tpm_is_gone
}
tool() { (cd "$WORK/keys" && "$@" && tpm2_flushcontext -t); } # tool COMMAND: leaves nothing in the TPM's memory
make_key() { # make_key HANDLE KIND PASSWORD
  tool tpm2_createprimary -Q -C o -c primary
  tool tpm2_create -Q -C primary -u key.pub -r key.priv -G "$2" -p "$3" -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign'
  tool tpm2_load -Q -C primary -u key.pub -r key.priv -c key
  tool tpm2_evictcontrol -Q -C o -c key "$1"
  tool tpm2_readpublic -Q -c "$1" -f pem -o "$1.pem"
}
start_tpm
make_key 0x81000001 ecc256:ecdsa-sha256 47114711
openssl genpkey -quiet -provider tpm2 -provider default -propquery '?provider=tpm2' -algorithm EC -pkeyopt group:P-384 -out "$WORK/keys/web.tss" 2>/dev/null
openssl pkey -provider tpm2 -provider default -propquery '?provider=tpm2' -in "$WORK/keys/web.tss" -pubout -out "$WORK/keys/web.tss.pem"

(umask 077 && echo 08150815 >"$WORK/pin")
check() {
  STATUS=0
  OUTPUT=$("$ACMED" --config "$CONFIG" --check 2>&1) || STATUS=$?
}
wrong_passwords() { tpm2_getcap properties-variable | sed -n 's/^TPM2_PT_LOCKOUT_COUNTER: //p'; }

echo "--- the wrong password first: it costs no order, and the TPM hears it once though two tries are made"
held_config handle:0x81000001
start_daemon
expect_eventually "the wrong password is told" 20 daemon_said 'the TPM refuses the password of the key handle:0x81000001'
ctl renew web
expect_match "another try" "$OUTPUT$SAID" 'refuses the password'
stop_daemon
expect_equal "wrong passwords that the TPM was given" "$(wrong_passwords)" 0x1
expect_equal "orders" "$(ca_total orders)" 0
expect_equal "the password in what is said" "$(grep -c 08150815 "$WORK/daemon.out" || true)" 0

echo "--- the right one"
echo 47114711 >"$WORK/pin"
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_of_key "$(cat "$WORK/keys/0x81000001.pem")"
expect_equal "what the hook is told of a key" "$(grep -E 'PRIVKEY|KEY_URI' "$WORK/told")" "ACMED_KEY_URI=handle:0x81000001"
first=$(serial web)
acmed_once
expect_equal "exit status of a second run" "$STATUS" 0
expect_equal "the certificate is as it was" "$(serial web)" "$first"

echo "--- the key of a file takes its place, of another type, which nobody had to say"
held_config "file:$WORK/keys/web.tss"
start_daemon
is_at() { [[ $(generation web) == "$1" ]]; } # is_at GENERATION
expect_eventually "it is ordered for" 30 is_at 0002
expect_eventually "the daemon listens" 10 test -S "$WORK/control.sock"
ctl renew web
expect_equal "exit status of a renewal" "$STATUS" 0
expect_equal "generation after the renewal" "$(generation web)" 0003
expect_of_key "$(cat "$WORK/keys/web.tss.pem")"

echo "--- the TPM is away when a renewal is asked for, and when another of its keys is wanted"
stop_tpm
ctl renew web
expect_match "it is told" "$OUTPUT$SAID" 'the TPM does not answer at TPM2OPENSSL_TCTI='
held_config handle:0x81000001
check
expect_match "what --check says" "$OUTPUT" 'warning: certificate web: key: the TPM does not answer'
kill -HUP "$DAEMON"
told_twice() { [[ $(grep -c 'not issued: the TPM does not answer' "$WORK/daemon.out") == 2 ]]; }
expect_eventually "it is told again" 10 told_twice
expect_equal "what is in service stays" "$(generation web)" 0003
start_tpm
expect_eventually "renewed by itself when it is back" $((100 + SLOW_BUILD_MS / 1000)) is_at 0004
expect_of_key "$(cat "$WORK/keys/0x81000001.pem")"
stop_daemon

echo "--- mistakes"
held_config handle:0x81000009
check
expect_equal "exit status of --check" "$STATUS" 0
expect_match "a key that is not there, to --check" "$OUTPUT" 'warning: certificate web: key: the TPM has no key handle:0x81000009: make one'
acmed_once
expect_match "a key that is not there" "$OUTPUT" 'the TPM has no key handle:0x81000009: make one persistent there'
expect_equal "what is in service stays" "$(generation web)" 0004
held_config handle:0x81000001 'privkey = "web.key"'
check
expect_equal "exit status of --check where a server needs the file" "$STATUS" 78
expect_match "a server that needs the file" "$OUTPUT" '"web.key" would hold the private key, which stays in its TPM; let the target write'
expect_no_txt www.example.test
