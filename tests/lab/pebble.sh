# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# pebble.sh - the lab's CA: pebble, under an HTTPS certificate of its own, asking a resolver of its own.

pebble_binary() { # pebble_binary auto|old|new|PATH -> path
  local new=${LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/acmed-lab}/pebble/usr/bin/pebble old
  old=$(command -v pebble || true)
  case $1 in
    auto) if [[ -x $new ]]; then echo "$new"; else echo "$old"; fi ;;
    new) echo "$new" ;;
    old) echo "$old" ;;
    *) echo "$1" ;;
  esac
}

# Whether it asks for TXT records by TCP, or else takes an answer of 512 octets, cut or not, for all that there is.
reads_long_answers() { # reads_long_answers PATH
  local version
  if [[ $1 == "$(command -v pebble)" ]]; then
    version=$(dpkg-query -W -f '${Version}' pebble)
  else
    version=$(zcat "${1%/bin/pebble}/share/doc/pebble/changelog.Debian.gz" | sed -n '1s/.*(\(.*\)).*/\1/p')
  fi
  dpkg --compare-versions "$version" ge 2.10
}

write_tls() { # a root, and a server certificate under it
  local d=$DIR/tls key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  mkdir -p "$d"
  openssl req -x509 "${key[@]}" -days 3650 -keyout "$d/ca.key" -out "$d/ca.crt" -subj "/CN=lab HTTPS CA" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
  openssl req "${key[@]}" -keyout "$d/server.key" -out "$d/server.csr" -subj "/CN=pebble" 2>/dev/null
  printf '%s\n' "subjectAltName=DNS:localhost,DNS:pebble,IP:127.0.0.1,IP:$A_ACME" extendedKeyUsage=serverAuth \
    basicConstraints=critical,CA:FALSE >"$d/server.ext"
  openssl x509 -req -in "$d/server.csr" -CA "$d/ca.crt" -CAkey "$d/ca.key" -CAcreateserial -days 3650 \
    -out "$d/server.crt" -extfile "$d/server.ext" 2>/dev/null
}

write_pebble() { # write_pebble NAME OFFSET; each version of pebble passes over the keys that it does not know
  local blocked
  mkdir -p "$DIR/$1"
  # shellcheck disable=SC2086
  blocked=$(printf '"%s",' $LAB_BLOCKLIST)
  cat >"$DIR/$1/config.json" <<JSON
{ "pebble": {
    "listenAddress": "$A_ACME:$((LAB_ACME_PORT + $2))",
    "managementListenAddress": "$A_ACME:$((LAB_MGMT_PORT + $2))",
    "certificate": "$DIR/tls/server.crt",
    "privateKey": "$DIR/tls/server.key",
    "httpPort": 5002,
    "tlsPort": 5001,
    "ocspResponderURL": "",
    "externalAccountBindingRequired": $([[ $LAB_EAB == 1 ]] && echo true || echo false),
    "externalAccountMACKeys": { "$LAB_EAB_KID": "$LAB_EAB_HMAC" },
    "domainBlocklist": [ ${blocked%,} ],
    "certificateValidityPeriod": $LAB_VALIDITY,
    "keyAlgorithm": "ecdsa",
    "retryAfter": { "authz": $LAB_RETRY_AUTHZ, "order": $LAB_RETRY_ORDER },
    "profiles": { "default": { "description": "classic", "validityPeriod": $LAB_VALIDITY } }
} }
JSON
}

start_pebble() { # start_pebble NAME VERSION
  local binary arguments=(-config "$DIR/$1/config.json" -dnsserver "$A_CARESOLVER:$LAB_DNS_PORT")
  binary=$(pebble_binary "$2")
  [[ -x $binary ]] || die "no pebble ($2): install the distribution's, or run tests/lab/newer pebble"
  [[ $LAB_STRICT != 1 ]] || arguments+=(-strict)
  spawn "$1" env PEBBLE_VA_NOSLEEP="$LAB_NOSLEEP" PEBBLE_VA_SLEEPTIME="$LAB_SLEEPTIME" \
    PEBBLE_WFE_NONCEREJECT="$LAB_NONCEREJECT" PEBBLE_AUTHZREUSE="$LAB_AUTHZREUSE" \
    PEBBLE_ALTERNATE_ROOTS="$LAB_ALTERNATE_ROOTS" PEBBLE_CHAIN_LENGTH="$LAB_CHAIN_LENGTH" \
    "$binary" "${arguments[@]}"
}

wait_pebble() { # wait_pebble NAME OFFSET: until it answers; then keep its roots, which are new at each start
  local i
  wait_for "$1" fetch "https://$A_ACME:$((LAB_ACME_PORT + $2))/dir" >/dev/null
  for ((i = 0; i <= LAB_ALTERNATE_ROOTS; i++)); do
    fetch "https://$A_ACME:$((LAB_MGMT_PORT + $2))/roots/$i"
  done >"$DIR/$1/roots.pem"
}

fetch() { curl -fsS --max-time 5 --cacert "$DIR/tls/ca.crt" "$1" 2>/dev/null; }
