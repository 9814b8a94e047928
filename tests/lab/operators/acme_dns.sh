# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# acme_dns.sh - a fake of acme-dns (Debian has no package of it): tests/fakes/acme_dns.py.
#
# The challenge names of the zone are aliases to accounts in the same zone, one each. What acme-dns has not, the cases do without:
# - it deletes nothing: the last two values at a name stay, and prove nothing any more. So `values` tells nothing.
# - who puts a foreign value there pushes one of ours out: an account is of one user. So there is no `put`.
# - the suite of `conformance` wants any name and any text in a zone, and one call for a hundred names: acme-dns has an account a
#   name, and takes 43 characters of base64url. tests/unit/providers/acme_dns_test.cpp tries what can be tried of it.

ACME_DNS_HOSTS=("" www. mail.)

start_acme_dns() { # start_acme_dns ZONE ADDRESS
  local d=$WORK/acme-dns host
  ACME_DNS_ADDRESS=$2 ACME_DNS_ACCOUNTS=$d
  export ACME_DNS_ADDRESS ACME_DNS_ACCOUNTS
  (umask 077; mkdir "$d")
  spawn_operator acme-dns python3 "$LAB_HOME/../fakes/acme_dns.py" "$2" "$1"
  eventually 20 curl -sf -o /dev/null "http://$2/health"
  for host in "${ACME_DNS_HOSTS[@]}"; do
    acme_dns_register "$host$1"
    acme_dns_fake alias "{\"name\": \"_acme-challenge.$host$1\", \"target\": \"$(acme_dns_account "$host$1" fulldomain)\"}"
  done
}

acme_dns_fake() { curl -sSf -o /dev/null "http://$ACME_DNS_ADDRESS/fake/$1" -d "$2"; } # acme_dns_fake WHAT JSON

acme_dns_register() { # acme_dns_register DOMAIN: an account for it
  (
    umask 077
    curl -sSf -X POST "http://$ACME_DNS_ADDRESS/register" >"$ACME_DNS_ACCOUNTS/$1.json"
    acme_dns_account "$1" password >"$ACME_DNS_ACCOUNTS/$1.secret"
    cp "$ACME_DNS_ACCOUNTS/$1.secret" "$ACME_DNS_ACCOUNTS/$1.used-secret"
  )
}

acme_dns_account() { # acme_dns_account DOMAIN MEMBER: what the server said of its account
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$ACME_DNS_ACCOUNTS/$1.json" "$2"
}

provider_acme_dns() { # provider_acme_dns ZONE
  local account domain
  printf '[provider.acme]\ntype = "acme-dns"\nurl = "http://%s"\nzones = ["%s"]\n' "$ACME_DNS_ADDRESS" "$1"
  echo 'accounts = ['
  for account in "$ACME_DNS_ACCOUNTS"/*.json; do
    domain=$(basename "$account" .json)
    printf '  { domain = "%s", fulldomain = "%s", subdomain = "%s", username = "%s", password = { file = "%s" } },\n' \
      "$domain" "$(acme_dns_account "$domain" fulldomain)" "$(acme_dns_account "$domain" subdomain)" \
      "$(acme_dns_account "$domain" username)" "$ACME_DNS_ACCOUNTS/$domain.used-secret"
  done
  printf ']\n\n'
}

control_acme_dns() {
  local secret
  case $1 in
    fault)
      case $2 in
        credentials)
          for secret in "$ACME_DNS_ACCOUNTS"/*.used-secret; do tr 0-9a-zA-Z 1-9a-zA-Z0 <"$secret" >"$secret.wrong" && cat "$secret.wrong" >"$secret"; done
          ;;
        *) acme_dns_fake fault "{\"kind\": \"$2\"}" ;;
      esac
      ;;
    heal)
      acme_dns_fake fault '{"kind": ""}'
      for secret in "$ACME_DNS_ACCOUNTS"/*.secret; do cat "$secret" >"${secret%.secret}.used-secret"; done
      ;;
    *) return 77 ;;
  esac
}

secrets_acme_dns() { cat "$ACME_DNS_ACCOUNTS"/*.secret; }
answers_acme_dns() { echo "$ACME_DNS_ADDRESS:80"; }
