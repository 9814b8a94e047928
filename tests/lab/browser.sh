# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# browser.sh - sourced by the cases that look at a page with Chromium, which is driven by WebDriver (W3C) with curl.
#
# A case is skipped (77) where there is no chromedriver: `tests/prepare browser` installs it.

DRIVER=http://127.0.0.1:9515
SESSION=

needs_browser() {
  command -v chromium >/dev/null && command -v chromedriver >/dev/null && return
  echo "no chromium here (tests/prepare browser)"
  trap - EXIT
  rm -rf "$WORK"
  exit 77
}

start_browser() {
  # What it keeps of its own goes with the case. A namespace of our own is not one in which its sandbox can be made.
  HOME=$WORK/browser TMPDIR=$WORK chromedriver --port=9515 --log-path="$WORK/chromedriver.log" >/dev/null 2>&1 &
  OPERATOR_PIDS+=($!)
  expect_eventually "chromedriver answers" 20 curl -sf -o /dev/null "$DRIVER/status"
  SESSION=$(drive POST "" '{"capabilities": {"alwaysMatch": {"browserName": "chrome",
    "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    "goog:chromeOptions": {"binary": "'"$(command -v chromium)"'", "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
      "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir='"$WORK"'/browser/profile"]}}}}' | jq -r '.sessionId')
  [[ $SESSION =~ ^[0-9a-f]+$ ]] || { failed "no session of a browser: $SESSION"; exit 1; }
  open_page about:blank # the browser's own first page is nobody's business
  drive POST /se/log '{"type": "performance"}' >/dev/null
  drive POST /se/log '{"type": "browser"}' >/dev/null
}

stop_browser() { drive DELETE "" >/dev/null; }

drive() { # drive METHOD PATH [BODY]: what WebDriver answers
  local answer
  answer=$(curl -sS --max-time 60 -X "$1" -H 'Content-Type: application/json' "$DRIVER/session${SESSION:+/$SESSION}$2" -d "${3:-{\}}") || return 1
  jq -ec 'if (.value | type) == "object" and .value.error then error(.value.message) else .value end' <<<"$answer" || [[ $? == 1 ]]
}

open_page() { drive POST /url "$(jq -nc --arg url "$1" '{url: $url}')" >/dev/null; } # open_page URL

in_page() { # in_page SCRIPT: what it returns; it may be a promise
  drive POST /execute/sync "$(jq -nc --arg script "$1" '{script: $script, args: []}')" | jq -r 'if type == "string" then . else tojson end'
}
page_says() { [[ $(in_page "$1") == true ]]; } # page_says SCRIPT

devtools() { # devtools METHOD [PARAMETERS]
  drive POST /goog/cdp/execute "$(jq -nc --arg method "$1" --argjson parameters "${2:-{\}}" '{cmd: $method, params: $parameters}')" >/dev/null
}
seen_in() { # seen_in light|dark WIDTH HEIGHT
  devtools Emulation.setEmulatedMedia '{"features": [{"name": "prefers-color-scheme", "value": "'"$1"'"}]}'
  devtools Emulation.setDeviceMetricsOverride '{"width": '"$2"', "height": '"$3"', "deviceScaleFactor": 1, "mobile": false}'
}
photograph() { drive GET /screenshot | jq -r . | base64 -d >"$1"; } # photograph FILE

log_of() { drive POST /se/log '{"type": "'"$1"'"}'; } # log_of browser|performance: since it was last asked
foreign_requests() { # foreign_requests ORIGIN: that the page made since its log was last asked, to others
  log_of performance | jq -r '.[].message | fromjson | .message | select(.method == "Network.requestWillBeSent") | .params.request.url' |
    grep -v -e "^$1/" -e '^data:' || true
}
