# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lego_exec_raw.sh - the same in raw mode, in which the program makes the record itself.
# shellcheck source=lego_exec.sh
source "$LAB_HOME/operators/lego_exec.sh"

start_lego_exec_raw() { start_lego_exec "$@"; }
provider_lego_exec_raw() { provider_lego_exec "$1" raw; }
control_lego_exec_raw() { control_lego_exec "$@"; }
secrets_lego_exec_raw() { secrets_lego_exec; }
answers_lego_exec_raw() { answers_lego_exec; }
