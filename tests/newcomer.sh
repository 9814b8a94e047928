# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# newcomer.sh - a person who types what README.md says, as it stands there, in a world of the lab: its primary serves the zone, its Pebble
# is the CA. Sourced by readme_check and by the cases of tests/system, which say in which root that happens. SOURCE is the project's folder.
#
# Two words differ from README.md: the zone is example.test, and the CA's directory is the lab's.

USER_NAME=newcomer
LAB=/srv/lab

# --- README.md as a script --------------------------------------------------------------------------------------------

# readme_script SECTION: its indented lines as calls of `type_line`, each fenced block as a file, whose path is the first of the paragraph
# before it.
readme_script() {
  awk -v section="## $1" '
    /^## / { inside = $0 == section }
    !inside { next }
    /^ *```/ {
      if (fenced) { print "END_OF_FILE" }
      else { indent = match($0, /`/) - 1; printf "write_file %s <<\x27END_OF_FILE\x27\n", path }
      fenced = !fenced; next
    }
    fenced { print substr($0, indent + 1); next }
    /^$/ { paragraph = 0; next }
    /^    / && !paragraph { sub(/^ +/, ""); gsub(/\x27/, "\x27\\\x27\x27"); printf "type_line \x27%s\x27\n", $0; next }
    { if (!paragraph) path = ""; paragraph = 1 }
    path == "" && match($0, /`\/[^`]*`/) { path = substr($0, RSTART + 1, RLENGTH - 2) }
  ' "$SOURCE/README.md" | sed 's/example\.com/example.test/g'
}

type_section() { # type_section SECTION [FUNCTION...]: as the user, in a shell that has these functions, until a line fails
  local script
  script=$(readme_script "$1")
  [[ $(grep -c '^type_line' <<<"$script") -gt 0 ]] || { echo "README.md has no lines to type under \"$1\""; return 1; }
  echo "== $1"
  runuser -u "$USER_NAME" -- env -i "HOME=/home/$USER_NAME" PATH=/usr/local/bin:/usr/bin:/bin bash -c "
    cd /home/$USER_NAME/acmed
    $(declare -f type_line write_file "${@:2}")
    $script" </dev/null 2>&1
}

# These two run in the user's shell.
type_line() {
  echo "\$ $1"
  eval "$1" || { echo "README.md is wrong: \"$1\" ended with $?"; exit 1; }
}

write_file() { # on standard input what README.md shows; the CA is the lab's
  [[ -n $1 ]] || { echo "README.md shows a file without its path"; exit 1; }
  echo "> $1"
  sed '/^\[ca\./r /srv/ca' | sudo tee "$1" >/dev/null
}

example_of_readme() { # the first file that it shows as TOML
  awk '/^   ```toml$/ { inside = 1; next } inside && /^   ```$/ { exit } inside { sub(/^   /, ""); print }' "$SOURCE/README.md"
}

# --- The world --------------------------------------------------------------------------------------------------------

start_ca() { # start_ca VALIDITY: seconds that a certificate lives; and the DNS that it looks at, which is this host's too
  "$SOURCE/tests/lab/lab" up "$LAB" LAB_ZONES=example.test "LAB_VALIDITY=$1"
  eval "$("$SOURCE/tests/lab/lab" env "$LAB")"
  printf 'directory = "%s"\ntrust = "%s"\n' "$LAB_ACME_DIRECTORY" "$LAB_CA_BUNDLE" >/srv/ca
  rm -f /etc/resolv.conf
  echo "nameserver $LAB_RESOLVER" >/etc/resolv.conf
}

start_world() { # start_world VALIDITY
  local zone=/var/lib/bind/example.test.zone
  start_ca "$1"
  # The zone as somebody has it who has not read README.md yet. The primary's address gets a name in it.
  sed 's/ 1 3600 / 2 3600 /' "$LAB/primary/example.test.db" >"$zone"
  echo "ns1 IN A $LAB_PRIMARY" >>"$zone"
  printf 'zone "example.test" { type primary; file "%s"; };\n' "$zone" >/etc/bind/named.conf.local
  sed -i 's|^zone "example.test".*|include "/etc/bind/named.conf.local";|' "$LAB/primary/named.conf"
  "$SOURCE/tests/lab/lab" stop "$LAB" primary
  "$SOURCE/tests/lab/lab" start "$LAB" primary
  # `systemctl reload named` reaches the lab's primary.
  mkdir -p /etc/systemd/system
  cat >/etc/systemd/system/named.service <<UNIT
[Service]
Type=forking
PIDFile=$LAB/primary/named.pid
ExecStart=/bin/true
ExecReload=/bin/kill -HUP \$MAINPID
UNIT
  expect_eventually "ns1.example.test has its address at every server" 10 has_name_server
}

has_name_server() {
  local server
  # shellcheck disable=SC2086
  for server in $LAB_PRIMARY $LAB_SECONDARIES; do
    [[ $(dig +short +time=1 +tries=1 "@$server" ns1.example.test A) == "$LAB_PRIMARY" ]] || return 1
  done
}

# --- What is seen -----------------------------------------------------------------------------------------------------

served() { openssl s_client -connect 127.0.0.1:443 -servername www.example.test </dev/null 2>/dev/null | openssl x509 "$@" 2>/dev/null; }
is_trusted() {
  openssl s_client -connect 127.0.0.1:443 -servername www.example.test -verify_hostname www.example.test \
    -CAfile "$LAB_ISSUED_ROOTS" -verify_return_error </dev/null >/dev/null 2>&1
}
has_renewed() { served -noout -serial | grep -q . && [[ $(served -noout -serial) != "$1" ]]; } # has_renewed SERIAL
refused() { ! "$@" 2>/dev/null; }
may_read() { runuser -u "$1" -- test -r "$2"; } # may_read USER FILE

expect_first_certificate() { # what holds when "The first certificate in five minutes" was typed
  expect_success "nobody else reads the key that BIND has" refused may_read nobody /etc/bind/acmed.key
  expect_success "BIND reads it" may_read bind /etc/bind/acmed.key
  expect_success "acmed cannot change it" refused runuser -u acmed -- test -w /etc/bind/acmed.key
  expect_success "nobody else reads the key that acmed has" refused may_read nobody /etc/acmed/bind.tsig
  expect_equal "owner of the private key" "$(stat -L -c '%U %G %a' /var/lib/acmed/live/example.test/privkey.pem)" "acmed acmed-certs 640"
  expect_success "nginx serves a certificate of the CA for www.example.test" eventually 5 is_trusted
  expect_success "acmed's user may not reload nginx but by acmed-deploy" refused runuser -u acmed -- systemctl reload nginx
  expect_success "nobody else may reload nginx" refused runuser -u nobody -- systemctl reload nginx
}
