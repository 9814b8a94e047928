#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A key that stays in a PKCS #11 token (SoftHSM): issued, renewed and changed, no file has it, the certificate is for the token's key, and a
# wrong PIN is offered once. TOKEN_BY=provider: by OpenSSL's provider, as where there is no engine.
# shellcheck source=../case.sh
source "$(dirname "$0")/../case.sh"
# shellcheck source=../held_key.sh
source "$(dirname "$0")/../held_key.sh"

module=/usr/lib/softhsm/libsofthsm2.so
if [[ ${TOKEN_BY:-engine} == engine ]]; then
  means=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')/pkcs11.so
else
  means=$(openssl version -m | sed 's/^MODULESDIR: "\(.*\)"$/\1/')/pkcs11.so
fi
if [[ ${TOKEN_BY:-engine} == provider && $SLOW_BUILD_MS != 0 ]]; then
  echo "the provider loads modules in a way that a program with AddressSanitizer does not survive (RTLD_DEEPBIND)"
  trap - EXIT
  exit 77
fi
for needed in softhsm2-util pkcs11-tool; do
  command -v "$needed" >/dev/null || { echo "needs $needed"; trap - EXIT; exit 77; }
done
[[ -e $module && -e $means ]] || { echo "needs $module and $means"; trap - EXIT; exit 77; }

start_lab LAB_ZONES="example.test"
mkdir -m 0700 "$WORK/tokens" "$WORK/tls"
printf 'directories.tokendir = %s\nobjectstore.backend = file\n' "$WORK/tokens" >"$WORK/softhsm2.conf"
export SOFTHSM2_CONF="$WORK/softhsm2.conf"
[[ ${TOKEN_BY:-engine} == engine ]] || export OPENSSL_ENGINES="$WORK/tokens"
softhsm2-util --init-token --free --label acmed --so-pin 56785678 --pin 47114711 >/dev/null
make_key() { # make_key LABEL ID TYPE
  pkcs11-tool --module "$module" --token-label acmed --login --pin 47114711 --keypairgen --key-type "$3" --label "$1" --id "$2" >/dev/null 2>&1
}
key_in_token() { # key_in_token LABEL -> its public key in PEM
  pkcs11-tool --module "$module" --token-label acmed --read-object --type pubkey --label "$1" 2>/dev/null | openssl pkey -pubin -inform DER -pubout
}
make_key web 01 EC:prime256v1
make_key rsa 02 rsa:2048
(umask 077 && echo 47114711 >"$WORK/pin")
uri="pkcs11:token=acmed;object=web?module-path=$module"
held_config "$uri"

# The wrong PIN first: it costs no order, and the token hears it once though two tries are made.
echo 08150815 >"$WORK/pin"
start_daemon
expect_eventually "the wrong PIN is told" 20 daemon_said 'the token acmed refuses the PIN'
ctl renew web
expect_match "another try" "$OUTPUT$SAID" 'refuses the PIN'
# libp11 says for each login that fails, which the provider does not:
[[ ${TOKEN_BY:-engine} != engine ]] || expect_equal "logins that failed" "$(grep -c '^Login failed' "$WORK/daemon.out")" 1
stop_daemon
expect_equal "orders" "$(ca_total orders)" 0
expect_equal "the PIN in what is said" "$(grep -c 08150815 "$WORK/daemon.out" || true)" 0

echo 47114711 >"$WORK/pin"
acmed_once
expect_equal "exit status" "$STATUS" 0
expect_of_key "$(key_in_token web)"
expect_equal "what the hook is told of a key" "$(grep -E 'PRIVKEY|KEY_URI' "$WORK/told")" "ACMED_KEY_URI=$uri"
first=$(serial web)

acmed_once
expect_equal "exit status of a second run" "$STATUS" 0
expect_equal "the certificate is as it was" "$(serial web)" "$first"

start_daemon
expect_eventually "the daemon listens" 10 test -S "$WORK/control.sock"
ctl renew web
expect_equal "exit status of a renewal" "$STATUS" 0
expect_equal "generation after the renewal" "$(generation web)" 0002
expect_of_key "$(key_in_token web)"
stop_daemon

# Another key in the token takes its place, of another type, which nobody had to say.
held_config "pkcs11:token=acmed;object=rsa?module-path=$module"
acmed_once
expect_equal "exit status with the other key" "$STATUS" 0
expect_equal "generation" "$(generation web)" 0003
expect_of_key "$(key_in_token rsa)"

held_config "pkcs11:token=acmed;object=nothing?module-path=$module"
acmed_once
expect_match "a key that is not there" "$OUTPUT" 'the token acmed has no private key pkcs11:token=acmed;object=nothing: make it there'
held_config "pkcs11:token=elsewhere;object=web?module-path=$module"
acmed_once
expect_match "a token that is not there" "$OUTPUT" 'there is no token elsewhere here: attach it'
expect_equal "what is in service stays" "$(generation web)" 0003
expect_no_txt www.example.test
