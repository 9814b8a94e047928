#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The fake of Route 53 is faithful: boto3 and certbot with its plug-in, from the distribution and unchanged, take it for AWS.
OPERATOR=route53
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

AWS_HOSTS="route53.amazonaws.com sts.us-east-1.amazonaws.com"

route53_settings() { # keys for the clients; TLS at the addresses of AWS
  cat <<JSON
{"zones": [{"id": "Z0PRIVATE", "name": "$1", "private": true}, {"id": "Z1LEFTOVER", "name": "$1", "delegated": false},
           {"id": "Z2DELEGATED", "name": "$1"}, {"id": "Z3OTHER", "name": "elsewhere.test", "delegated": false}],
 "keys": {"AKIACLIENT": {"secret": "$(cat "$ROUTE53_DIR/secret-key")"},
          "AKIANARROW": {"secret": "narrow", "allow": ["route53:GetChange"]}},
 "roles": {"arn:aws:iam::123456789012:role/dns": {"trusts": ["AKIACLIENT"], "external_id": "x 1"}},
 "tls": {"port": 443, "certificate": "$WORK/aws.crt", "key": "$WORK/aws.key"}}
JSON
}

aws_certificate() { # signed by the root of the lab's CA
  local tls=$WORK/lab/tls
  # shellcheck disable=SC2086
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/aws.key" -out "$WORK/aws.csr" -subj /CN=aws \
    -addext "subjectAltName=$(printf 'DNS:%s,' $AWS_HOSTS | sed 's/,$//')" 2>/dev/null
  openssl x509 -req -in "$WORK/aws.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -days 10 -copy_extensions copyall \
    -out "$WORK/aws.crt" 2>/dev/null
}

# operator.sh would start the fake before the certificate is there.
start_lab LAB_ZONES=example.test LAB_DELEGATED="$OPERATOR_ZONE=$OPERATOR_ADDRESS"
aws_certificate
start_route53 "$OPERATOR_ZONE" "$OPERATOR_ADDRESS"
expect_eventually "the fake serves its zone" 20 serves_zone "$OPERATOR_ZONE" "$OPERATOR_ADDRESS"

echo "127.0.0.1 localhost" >"$WORK/hosts"
for host in $AWS_HOSTS; do echo "$OPERATOR_ADDRESS $host" >>"$WORK/hosts"; done
mount --bind "$WORK/hosts" "$(readlink -f /etc/hosts)" # in this case's own mounts
AWS_SECRET_ACCESS_KEY=$(cat "$ROUTE53_DIR/secret-key")
export AWS_ACCESS_KEY_ID=AKIACLIENT AWS_SECRET_ACCESS_KEY AWS_CA_BUNDLE=$LAB_CA_BUNDLE REQUESTS_CA_BUNDLE=$LAB_CA_BUNDLE
export AWS_STS_REGIONAL_ENDPOINTS=regional AWS_EC2_METADATA_DISABLED=true HOME=$WORK

expect_equal "what boto3 says" "$("$LAB_HOME/boto3_route53.py" "$OPERATOR_ZONE" Z2DELEGATED 2>&1)" "all as with AWS"

# certbot takes the first zone of that name that it finds: none but the right one may be left.
admin_route53 forget --data '{"zone": "Z1LEFTOVER"}'
# It looks into its own folders alone, and gives the CA ten seconds before it asks to validate.
expect_success "certbot gets a certificate" certbot certonly --non-interactive --agree-tos --register-unsafely-without-email \
  --config-dir "$WORK/certbot" --work-dir "$WORK/certbot" --logs-dir "$WORK/certbot" --server "$LAB_ACME_DIRECTORY" \
  --dns-route53 -d "$OPERATOR_ZONE" -d "*.$OPERATOR_ZONE"
expect_equal "its names" "$(sans "$WORK/certbot/live/$OPERATOR_ZONE/cert.pem")" "*.$OPERATOR_ZONE $OPERATOR_ZONE"
expect_equal "what it leaves" "$(control values "_acme-challenge.$OPERATOR_ZONE")" ""
