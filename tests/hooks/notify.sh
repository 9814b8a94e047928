#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed-notify-mail and acmed-notify-webhook bring what they are told where it belongs, and say who did not take it.
source "$(dirname "$0")/hooks.sh"
needs python3 jq
begin

python3 "$HERE/../fakes/mail_server.py" 2525 "$WORK/mail" &
python3 "$HERE/../fakes/webhook_server.py" 8080 right "$WORK/posted" &
trap 'kill %1 %2; rm -rf "$WORK"' EXIT
expect_success "the mail server listens" eventually 10 bash -c "</dev/tcp/127.0.0.1/2525" 2>/dev/null
expect_success "the web server listens" eventually 10 bash -c "</dev/tcp/127.0.0.1/8080" 2>/dev/null
json='{"event":"failing","certificates":[{"name":"web"}]}'
tell() { # tell NAME ARGUMENT...: as acmed calls it. Its output is OUTPUT, its exit status STATUS.
  STATUS=0
  OUTPUT=$(env -i PATH=/usr/bin:/bin ACMED_EVENT=failing ACMED_HOST=host1 ACMED_CERTIFICATES=web "ACMED_SUBJECT=acmed on host1: web fails" \
    "ACMED_TEXT=web (issue): «the key» is not known" "$HOOKS/$1" "${@:2}" 2>&1 <<<"$json") || STATUS=$?
}
told() { if [[ $STATUS == 0 ]]; then passed "$1"; else failed "$1: $OUTPUT"; fi; }      # told WHAT
not_told() { if [[ $STATUS == 0 ]]; then failed "$1: it succeeded"; else expect_match "$1" "$OUTPUT" "$2"; fi; } # not_told WHAT REGEX

tell acmed-notify-mail --server 127.0.0.1:2525 --to a@example.test --to b@example.test
told "a mail is sent"
mail=$(<"$WORK/mail")
expect_match "to both" "$mail" '^rcpt TO:<b@example.test>'
expect_match "from this host" "$mail" '^From: acmed@host1'
expect_match "its subject" "$mail" '^Subject: acmed on host1: web fails'
expect_match "nobody answers it" "$mail" '^Auto-Submitted: auto-generated'
text=$(python3 -c 'import email, email.policy, sys; print(email.message_from_bytes(open(sys.argv[1], "rb").read().split(b"\n", 3)[3], policy=email.policy.default).get_content())' "$WORK/mail")

expect_match "its text" "$text" "web .issue.: «the key» is not known"
tell acmed-notify-mail --server 127.0.0.1:2525 --to nobody@example.test
not_told "a recipient that is refused" 'did not take the mail.*no such user'
tell acmed-notify-mail --server 127.0.0.1:2526 --to a@example.test
not_told "nobody there" '127.0.0.1:2526 did not take the mail'
tell acmed-notify-mail --server 127.0.0.1:2525 --starttls --to a@example.test
not_told "no encryption where it was asked for" 'STARTTLS'

echo "http://127.0.0.1:8080/hook" >"$WORK/url"
echo "right" >"$WORK/token"
tell acmed-notify-webhook --url-file "$WORK/url" --token-file "$WORK/token"
told "all is posted"
expect_equal "as acmed says it" "$(jq -c . "$WORK/posted")" "$json"
rm "$WORK/posted"
tell acmed-notify-webhook --url-file "$WORK/url" --token-file "$WORK/token" --text
told "the text is posted"
expect_equal "alone" "$(jq -r .text "$WORK/posted" | head -n 1)" "acmed on host1: web fails"
echo "wrong" >"$WORK/token"
tell acmed-notify-webhook --url-file "$WORK/url" --token-file "$WORK/token"
not_told "who is not let in says so" 'answers 403: who are you'
echo "http://127.0.0.1:8080/away" >"$WORK/url"
tell acmed-notify-webhook --url-file "$WORK/url" --token-file "$WORK/token"
not_told "it does not go where it is sent" 'answers 307'
echo "http://hooks.example.com/x" >"$WORK/url"
tell acmed-notify-webhook --url-file "$WORK/url"
not_told "a secret in the open" 'must begin with https'
expect_equal "the URL is not shown" "$(grep -c example.com <<<"$OUTPUT" || true)" 0
finish
