#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed-kubernetes-secret makes the Secret and keeps it up to date, and gives its token to nobody else.
source "$(dirname "$0")/hooks.sh"
needs python3 openssl base64
begin

PORT=6443
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=api" -addext "subjectAltName=IP:127.0.0.1" \
  -keyout "$WORK/api.key" -out "$WORK/api.pem" 2>/dev/null
echo "right" >"$WORK/token"
echo "wrong" >"$WORK/wrong"
python3 "$HERE/../fakes/kubernetes_api.py" "$PORT" "$WORK/api.pem" "$WORK/api.key" right "$WORK/state" &
trap 'kill %1; rm -rf "$WORK"' EXIT
expect_success "the fake listens" eventually 10 bash -c "</dev/tcp/127.0.0.1/$PORT" 2>/dev/null
server=(acmed-kubernetes-secret --server "https://127.0.0.1:$PORT/" --secret site-tls)
ours=("${server[@]}" --ca-file "$WORK/api.pem" --token-file "$WORK/token")
data() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["site-tls"]["data"][sys.argv[2]])' "$WORK/state" "$1" | base64 -d; }

succeeds "the Secret is made" 1 "${ours[@]}" --namespace web
expect_success "with the chain" cmp <(data tls.crt) "$WORK/1/fullchain.pem"
expect_success "and the key" cmp <(data tls.key) "$WORK/1/privkey.pem"
succeeds "the renewal changes it" 2 "${ours[@]}" --namespace web
expect_success "to the new key" cmp <(data tls.key) "$WORK/2/privkey.pem"
fails "what the role does not allow" 'refuses .* 403: secrets is forbidden' 1 "${ours[@]}" --namespace kube-system
fails "a token that is not good" '401: Unauthorized' 1 "${server[@]}" --ca-file "$WORK/api.pem" --token-file "$WORK/wrong" --namespace web
fails "another server in its place" 'not reached.*(certificate|verify)' 1 "${server[@]}" --ca-file "$WORK/1/fullchain.pem" \
  --token-file "$WORK/token" --namespace web
fails "a token in the open" 'https' 1 "${ours[@]}" --server "http://127.0.0.1:$PORT" --namespace web
finish
