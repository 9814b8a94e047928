#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The provider does with the operator what every provider must, faults included: tests/unit/providers/conformance.cpp.
# shellcheck source=../operator.sh
source "$(dirname "$0")/../operator.sh"
: "${CONFORMANCE:?set it to the path of the program}"

start_operator_lab
operator_config </dev/null

# What the program calls to look behind the provider and to put faults in its way: these functions, in a shell of their own.
declare -f >"$WORK/functions"
printf '#!/usr/bin/env bash\nset -e\nsource "%s"\ncontrol "$@"\n' "$WORK/functions" >"$WORK/control"
chmod 755 "$WORK/control"
export WORK OPERATOR OPERATOR_ADDRESS OPERATOR_ZONE

STATUS=0
CONFORMANCE_CONFIG=$CONFIG CONFORMANCE_ZONE=$OPERATOR_ZONE CONFORMANCE_CONTROL=$WORK/control "$CONFORMANCE" || STATUS=$?
expect_equal "exit status of the conformance suite" "$STATUS" 0
