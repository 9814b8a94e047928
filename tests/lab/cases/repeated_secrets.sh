#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An operator refuses, and repeats in its refusal the secrets that it was given, in each of the forms in which programs and servers do. None is
# shown, logged or kept.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"

REPEAT=$LAB_HOME/repeat.py
MOUTH=$OPERATOR_ADDRESS:8099

start_operator_lab
operator_config < <(certificate one "$OPERATOR_ZONE" "*.$OPERATOR_ZONE")
secrets >"$WORK/secrets"
expect_different "the operator was given secrets" "$(wc -l <"$WORK/secrets")" 0
if [[ $(answers) == pipe ]]; then
  sed -i -E "s|^command = .*|command = [\"$REPEAT\", \"say\", \"FORM\", \"$WORK/secrets\"]|" "$CONFIG"
else
  sed -i -E "s#^(url|endpoint) = \"http://[^/\"]*#\1 = \"http://$MOUTH#" "$CONFIG"
fi
expect_match "the operator is replaced" "$(cat "$CONFIG")" "$MOUTH|repeat\.py"
cp "$CONFIG" "$WORK/config"

# shellcheck disable=SC2034
ACMED_ARGUMENTS=(--verbose)
for form in $("$REPEAT" forms); do
  [[ $form != broken || $(answers) != pipe ]] || continue # a program's lines are shown one by one
  rm -rf "$STATE"
  sed "s/FORM/$form/" "$WORK/config" >"$CONFIG"
  "$REPEAT" serve "${MOUTH%:*}" "${MOUTH#*:}" "$form" "$WORK/secrets" &
  mouth=$!
  eventually 10 curl -s -o /dev/null "http://$MOUTH/" || failed "nobody listens at $MOUTH"
  acmed_once
  kill "$mouth"
  wait "$mouth" 2>/dev/null || true
  expect_equal "exit status, $form" "$STATUS" 1
  expect_match "what is shown instead, $form" "$OUTPUT" '\*\*\*'
  mapfile -t kept < <(find "$STATE" -type f ! -path '*/accounts/*' ! -path '*/providers/*')
  expect_equal "what is found, $form" "$("$REPEAT" look "$WORK/secrets" "$WORK/acmed.out" "${kept[@]}")" ""
done
