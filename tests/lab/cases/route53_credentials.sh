#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A certificate with credentials from each place of AWS' usual chain; and for each permission that is missing a sentence that
# names it. No secret is told.
OPERATOR=route53
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

ROLE=arn:aws:iam::123456789012:role/dns

route53_settings() { # AKIABASE may take on the role, and nothing else
  cat <<JSON
{"zones": [{"id": "Z2DELEGATED", "name": "$1"}],
 "keys": {"AKIAACMED": {"secret": "$(cat "$ROUTE53_DIR/secret-key")"},
          "AKIABASE": {"secret": "base-secret-key", "allow": []}},
 "roles": {"$ROLE": {"trusts": ["AKIABASE"], "external_id": "x 1", "web_tokens": ["web-token"]}},
 "instance_role": {"name": "ec2"}, "container": {"token": "container-token"}}
JSON
}

config_with() { # config_with LINE...: a provider without keys of its own
  {
    provider_route53 "$OPERATOR_ZONE" | grep -vE '^(access_key_id|secret_access_key) |^$'
    printf '%s\n' "$@" "sts_url = \"http://$ROUTE53_API\"" ''
    certificate "$OPERATOR" "$OPERATOR_ZONE"
  } | write_config
}

works_with() { # works_with WHAT NAME=VALUE...: with these variables alone
  rm -rf "$STATE"
  RUNNER=(env AWS_EC2_METADATA_DISABLED=true "${@:2}")
  acmed_once
  expect_equal "$1: exit status" "$STATUS" 0
  cat "$WORK/acmed.out" >>"$WORK/all.out"
}

counted() { admin_route53 counts | grep -oE "\"$1\": [0-9]+" | grep -oE '[0-9]+$' || echo 0; }

# shellcheck disable=SC2034
ACMED_ARGUMENTS=(--verbose)
start_operator_lab
mkdir "$WORK/aws"
echo web-token >"$WORK/aws/web-token"
echo container-token >"$WORK/aws/container-token"
cat >"$WORK/aws/credentials" <<'INI'
[base]
aws_access_key_id = AKIABASE
aws_secret_access_key = base-secret-key
INI
cat >"$WORK/aws/config" <<INI
[profile dns]
role_arn = $ROLE
source_profile = base
external_id = x 1
INI

config_with
works_with "the environment" AWS_ACCESS_KEY_ID=AKIAACMED "AWS_SECRET_ACCESS_KEY=$(cat "$ROUTE53_DIR/secret-key")"
works_with "web identity" "AWS_WEB_IDENTITY_TOKEN_FILE=$WORK/aws/web-token" "AWS_ROLE_ARN=$ROLE"
expect_equal "calls of AssumeRoleWithWebIdentity" "$(counted AssumeRoleWithWebIdentity)" 1
works_with "a profile" AWS_PROFILE=dns "AWS_CONFIG_FILE=$WORK/aws/config" "AWS_SHARED_CREDENTIALS_FILE=$WORK/aws/credentials"
expect_equal "calls of AssumeRole" "$(counted AssumeRole)" 1
works_with "a container" "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://$ROUTE53_API/container" \
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$WORK/aws/container-token"
config_with "role_arn = \"$ROLE\"" 'external_id = "x 1"'
works_with "an instance, and a role on top" AWS_EC2_METADATA_DISABLED=false \
  "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://$ROUTE53_API"
expect_equal "calls of AssumeRole" "$(counted AssumeRole)" 2

rm -rf "$STATE"
RUNNER=(env AWS_EC2_METADATA_DISABLED=true HOME=/nonexistent)
acmed_once
# shellcheck disable=SC2034
RUNNER=()
expect_equal "without credentials: exit status" "$STATUS" 1
expect_match "without credentials" "$OUTPUT" "provider aws: there are no AWS credentials: .*AWS_ACCESS_KEY_ID.*\
AWS_WEB_IDENTITY_TOKEN_FILE.*/nonexistent/.aws/credentials.*AWS_CONTAINER_CREDENTIALS_FULL_URI.*metadata service"

operator_config < <(certificate "$OPERATOR" "$OPERATOR_ZONE")
secret=$(cat "$ROUTE53_DIR/secret-key")
permissions=(ListHostedZonesByName ListResourceRecordSets ChangeResourceRecordSets GetChange)
resources=('\*' arn:aws:route53:::hostedzone/Z2DELEGATED arn:aws:route53:::hostedzone/Z2DELEGATED 'arn:aws:route53:::change/\*')
for i in "${!permissions[@]}"; do
  allowed=$(printf '"route53:%s",' "${permissions[@]}" | sed "s/\"route53:${permissions[i]}\",//; s/,$//")
  admin_route53 set --data "{\"keys\": {\"AKIAACMED\": {\"secret\": \"$secret\", \"allow\": [$allowed]}}}"
  rm -rf "$STATE"
  acmed_once
  expect_equal "without ${permissions[i]}: exit status" "$STATUS" 1
  expect_match "without ${permissions[i]}" "$OUTPUT" \
    "provider aws: .*allow route53:${permissions[i]} on ${resources[i]} in their IAM policy"
  expect_equal "what is left" "$(control values "_acme-challenge.$OPERATOR_ZONE")" ""
  cat "$WORK/acmed.out" >>"$WORK/all.out"
done

expect_no_secret "$WORK/all.out"
for word in base-secret-key web-token container-token; do
  expect_equal "lines with $word" "$(grep -cF -- "$word" "$WORK/all.out" || true)" 0
done
