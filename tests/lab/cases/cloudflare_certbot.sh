#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The fake of Cloudflare is faithful: certbot with its Cloudflare plug-in, as the distribution has them, gets a certificate
# through it and leaves nothing behind.
# shellcheck disable=SC2034
OPERATOR=cloudflare
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

start_operator_lab
# certbot knows one token for all.
token=$(openssl rand -hex 20)
admin_cloudflare set --data "{\"tokens\": {\"$token\": {\"user\": \"one\", \"edit\": [\"$OPERATOR_ZONE\"], \"read\": [\"$OPERATOR_ZONE\"]}}}"
(umask 077 && echo "dns_cloudflare_api_token = $token" >"$WORK/cloudflare.ini")
control put "_acme-challenge.$OPERATOR_ZONE" somebody-elses

certbot_() { # certbot_ NAME...
  # Its library takes the API's URL from the environment.
  CLOUDFLARE_API_URL=http://$CLOUDFLARE_API/client/v4 REQUESTS_CA_BUNDLE=$LAB_CA_BUNDLE \
    certbot certonly --server "$LAB_ACME_DIRECTORY" --agree-tos --email a@example.test --non-interactive \
    --config-dir "$WORK/certbot" --work-dir "$WORK/certbot" --logs-dir "$WORK/certbot" --key-type ecdsa \
    --dns-cloudflare --dns-cloudflare-credentials "$WORK/cloudflare.ini" --dns-cloudflare-propagation-seconds 1 "$@"
}

expect_success "certbot issues" certbot_ --domain "$OPERATOR_ZONE" --domain "*.$OPERATOR_ZONE" --domain "www.$OPERATOR_ZONE"
certificate=$WORK/certbot/live/$OPERATOR_ZONE
expect_success "the chain leads to the CA's root" \
  openssl verify -CAfile "$LAB_ISSUED_ROOTS" -untrusted "$certificate/chain.pem" "$certificate/cert.pem"
expect_equal "names" "$(sans "$certificate/cert.pem")" "*.$OPERATOR_ZONE $OPERATOR_ZONE www.$OPERATOR_ZONE"
expect_equal "what is left at the challenge name" "$(control values "_acme-challenge.$OPERATOR_ZONE")" somebody-elses
expect_equal "what is left at the other" "$(control values "_acme-challenge.www.$OPERATOR_ZONE")" ""
expect_match "what certbot asked for" "$(admin_cloudflare counts)" '"POST /zones/:id/dns_records": 3'

# It understands the fake's refusals, too.
echo "dns_cloudflare_api_token = $(openssl rand -hex 20)" >"$WORK/cloudflare.ini"
expect_match "a wrong token" "$(certbot_ --force-renewal --domain "$OPERATOR_ZONE" 2>&1 || true)" \
  '9109 Invalid access token.*Did you enter a valid Cloudflare Token'
