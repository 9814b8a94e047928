#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The status page in a browser: a thousand certificates, a renewal as it happens, what a CA says as text and no more, a restart of the daemon,
# light and dark, and a telephone's width.
# shellcheck source=../odd.sh
source "$(dirname "$0")/../odd.sh"
# shellcheck source=../browser.sh
source "$(dirname "$0")/../browser.sh"
needs_browser

SOCKET=$WORK/control.sock
PAGE=http://127.0.0.9:9180
MANY=1000
REFUSED=refused-under-a-name-that-is-longer-than-most-which-anybody-would-give
REFUSAL='<script>document.title = 1</script><img src=x onerror=document.title=2>'

start_odd_lab LAB_SEC1_DELAY=2
start_odd_ca <<PY
def odd(ca, request, usual):
    if request.resource == "new-order" and request.payload["identifiers"][0]["value"] == "z0.test":
        return problem(403, "rejectedIdentifier", '$REFUSAL')
    return usual()
PY
python3 "$LAB_HOME/../bench/scale_state.py" "$MANY" "$WORK" # $CONFIG, and a state in which they are in place
config() { # config: the CA and the provider of scale_state.py are never asked
  sed -i '1i [defaults]\nca = "none"\nrenew = "0.5"' "$CONFIG"
  sed -i '/^state_directory/d' "$CONFIG"
  sed -i "1i state_directory = \"$STATE\"" "$CONFIG"
  cat >>"$CONFIG" <<TOML
[ca.lab]
directory = "$LAB_ACME_DIRECTORY"
trust = "$LAB_CA_BUNDLE"
terms_agreed = true
$(provider primary "$LAB_PRIMARY" "$LAB_TSIG_FILE" example.test z0.test)
[propagation]
resolvers = ["$LAB_RESOLVER"]
[control]
socket = "$SOCKET"
[http]
listen = ["${PAGE#http://}"]
$(certificate one example.test '*.example.test' | sed 's/^domains/ca = "lab"\n&/')
$(certificate "$REFUSED" z0.test | sed 's/^domains/ca = "lab"\n&/')
TOML
}
ask() { curl -sS --max-time 20 --unix-socket "$SOCKET" "http://acmed$1" "${@:2}"; } # ask TARGET [CURL'S ARGUMENTS]
state_is() { [[ $(ask "/v1/certificates/$1" | jq -r .state) == "$2" ]]; } # state_is NAME STATE

# What the page shows, asked in it.
rows='[...document.querySelectorAll("li.certificate")]'
shown="$rows.filter(row => row.offsetHeight > 0)"
row() { echo "$rows.find(row => row.querySelector('.name').textContent === '$1')"; } # row NAME
text_of() { in_page "return document.getElementById('$1').textContent"; } # text_of ID

config
start_daemon
expect_eventually "one is valid" 60 state_is one valid
expect_eventually "the other is refused" 60 state_is "$REFUSED" failing
start_browser
devtools Network.enable

echo "--- it opens"
seen_in light 1200 800
open_page "$PAGE/"
expect_eventually "every certificate has its row" 20 page_says "return $rows.length === $((MANY + 2))"
expect_eventually "it hears what happens" 10 page_says 'return document.getElementById("connection").textContent === "live"'
expect_equal "rows with a name, a state and a bar" "$(in_page "return $rows.filter(row => row.querySelector('.name') && row.querySelector('.state') && row.querySelector('svg')).length")" $((MANY + 2))
expect_match "the counts" "$(text_of counts)" "^$((MANY + 2)) certificates, 1 failing, $((MANY + 1)) valid"
photograph "$WORK/light.png"

echo "--- what the CA says is text"
says_the_refusal() { [[ $(text_of summary) == *"$REFUSAL"* ]]; }
expect_success "the summary has it word for word" says_the_refusal
expect_equal "the worst first" "$(in_page "return ${rows}[0].querySelector('.name').textContent")" "$REFUSED"
expect_equal "scripts and pictures in the page" "$(in_page 'return document.scripts.length + " " + document.images.length')" "1 0"
expect_equal "title" "$(in_page 'return document.title')" "1 failing – acmed"

echo "--- it filters"
in_page 'const field = document.getElementById("filter"); field.value = "c99 valid"; field.dispatchEvent(new Event("input"))' >/dev/null
# A thousand rows that are there and hidden take a second to lay out.
expect_equal "rows in the list, shown or hidden" "$(in_page "return $rows.length")" 11
expect_equal "rows that are left" "$(in_page "return $shown.map(row => row.querySelector('.name').textContent).join(' ')")" "c99 c990 c991 c992 c993 c994 c995 c996 c997 c998 c999"
photograph "$WORK/filtered.png"
in_page 'const field = document.getElementById("filter"); field.value = "nothing of that name"; field.dispatchEvent(new Event("input"))' >/dev/null
expect_match "it says that none is left" "$(in_page 'return document.querySelector("main").innerText')" 'No certificate has “nothing of that name”'
photograph "$WORK/nothing.png"
in_page 'const field = document.getElementById("filter"); field.value = ""; field.dispatchEvent(new Event("input"))' >/dev/null
expect_equal "rows without a filter" "$(in_page "return $shown.length")" $((MANY + 2))

echo "--- a renewal"
# By hand: the focus stays in the list from here on.
in_page "window.mark = 'still here'; const summary = $(row one).querySelector('summary'); summary.focus(); summary.click()" >/dev/null
expect_eventually "opened, it tells its generations" 10 page_says "return $(row one).textContent.includes('issued by')"
former=$(serial one)
ask /v1/certificates/one/renew -X POST >/dev/null
expect_eventually "it works" 20 page_says "return $(row one).querySelector('.state').textContent === 'working'"
expect_eventually "it waits for a name server" 20 page_says "return /waiting for [12] of [0-9]+ name servers: .*127.0.0.2/.test($(row one).textContent)"
photograph "$WORK/working.png"
expect_eventually "it is valid again" 30 page_says "return $(row one).querySelector('.state').textContent === 'valid'"
expect_different "serial in service" "$(serial one)" "$former"
now_in_service=$(serial one | tr A-F a-f | sed 's/^0*//')
expect_eventually "the new serial is shown" 10 page_says "return $(row one).textContent.includes('$now_in_service')"
photograph "$WORK/opened.png"

echo "--- each look"
contrast=$(cat <<'JS'
  const number = text => text.match(/[\d.]+/g).slice(0, 3).map(Number);
  const light = color => { const [r, g, b] = number(color).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const words = [...document.querySelectorAll("h1, p, span, dt, dd")].filter(each => each.textContent && each.checkVisibility()).slice(0, 500);
  const ratios = words.map(each => { const own = light(getComputedStyle(each).color); return (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05); });
  return Math.floor(Math.min(...ratios) * 10);
JS
)
beyond() { in_page 'return document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth'; }
grounds=()
for look in light dark; do
  seen_in "$look" 1200 800
  grounds+=("$(in_page 'return getComputedStyle(document.body).backgroundColor')")
  expect_success "$look: every word stands out from the ground (WCAG 2 AA)" test "$(in_page "$contrast")" -ge 45
  photograph "$WORK/$look-wide.png"
  seen_in "$look" 360 740
  expect_equal "$look: pixels beyond the width of a telephone" "$(beyond)" 0
  photograph "$WORK/$look-narrow.png"
done
expect_different "the ground in the dark" "${grounds[1]}" "${grounds[0]}"
in_page "$(row one).scrollIntoView()" >/dev/null
photograph "$WORK/narrow-opened.png"
in_page "$(row one).querySelector('summary').click(); scrollTo(0, 0)" >/dev/null
seen_in light 1200 800

echo "--- the daemon is started again"
stop_daemon
expect_eventually "it says so" 20 page_says 'return document.getElementById("connection").textContent.startsWith("no connection")'
photograph "$WORK/away.png"
certificate two www.example.test | sed 's/^domains/ca = "lab"\n&/' >>"$CONFIG"
start_daemon
expect_eventually "it hears again" 30 page_says 'return document.getElementById("connection").textContent === "live"'
expect_eventually "it shows what is new" 30 page_says "return $(row two)?.querySelector('.state').textContent === 'valid'"
expect_equal "it was not loaded anew" "$(in_page 'return window.mark')" "still here"

echo "--- nothing went wrong in it"
expect_equal "foreign requests" "$(foreign_requests "$PAGE")" ""
# While the daemon was away, its requests failed: those the browser logs by itself.
expect_equal "errors in the console" "$(log_of browser | jq -r '.[] | select(.source != "network") | .message')" ""
stop_browser
stop_daemon
