# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lego_httpreq_raw.sh - the same in raw mode, in which the endpoint makes the record itself.
# shellcheck source=lego_httpreq.sh
source "$LAB_HOME/operators/lego_httpreq.sh"

start_lego_httpreq_raw() { start_lego_httpreq "$@"; }
provider_lego_httpreq_raw() { provider_lego_httpreq "$1" raw; }
control_lego_httpreq_raw() { control_lego_httpreq "$@"; }
secrets_lego_httpreq_raw() { secrets_lego_httpreq; }
answers_lego_httpreq_raw() { answers_lego_httpreq; }
