// SPDX-License-Identifier: Apache-2.0
#include "config/other_clients.h"

#include <algorithm>

#include "config/load.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::config;
using Catch::Contains;

namespace {

std::string faults_of(const std::string& text) {
  try {
    parse(text, "/etc/acmed/acmed.toml");
  } catch (const Faults& faults) {
    return faults.what();
  }
  return "";
}

std::string fault_of_key(const std::string& key) {
  return faults_of(
      "[ca.x]\ndirectory = \"https://ca.example/\"\nterms_agreed = true\n[provider.p]\ntype = \"rfc2136\"\n"
      "server = \"192.0.2.1\"\nzones = [\"example.com\"]\n[[certificate]]\ndomains = [\"example.com\"]\n" +
      key + " = 1\n");
}

}  // namespace

SCENARIO("who brings the words of another client along is told what they are here") {
  for (const auto& [word, cure] : {std::pair("sleep", "settle"),
                                   {"dnssleep", "settle"},
                                   {"propagation-seconds", "settle"},
                                   {"delayBeforeCheck", "settle"},
                                   {"disable", "require = \"none\""},
                                   {"disable-cp", "require = \"none\""},
                                   {"dnsPropagationCheck", "require = \"none\""},
                                   {"dnsResolver", "resolvers"},
                                   {"proxy", "https_proxy"},
                                   {"staging", "letsencrypt-staging"},
                                   {"test-cert", "letsencrypt-staging"},
                                   {"email", "contact = [\"mailto:"},
                                   {"server", "directory"},
                                   {"agree-tos", "terms_agreed"},
                                   {"keyType", "key_type"},
                                   {"rsa-key-size", "key_type"},
                                   {"SAN", "domains"},
                                   {"extraDomainNames", "domains"},
                                   {"validMinDays", "renew = \"30d\""},
                                   {"renew_before_expiry", "renew = \"30d\""},
                                   {"reloadcmd", "post_hook"},
                                   {"deploy-hook", "post_hook"},
                                   {"pre_hook", "provider"},
                                   {"fullchain-file", "files = {"},
                                   {"challenge-alias", "delegated"},
                                   {"preferred-challenges", "DNS-01"},
                                   {"dnsProvider", "zones"},
                                   {"eab_kid", "eab = {"},
                                   {"account", "account_key"},
                                   {"csr", "new key"},
                                   {"ttl", "no TTL"}}) {
    CAPTURE(word);
    CHECK_THAT(fault_of_key(word), Contains("there is no such key; ") && Contains(cure));
  }
  THEN("a slip of the pen is still that") {
    CHECK_THAT(fault_of_key("keytpe"), Contains("did you mean key_type?"));
    CHECK_THAT(fault_of_key("nonsense"), Contains("there is no such key"));
    CHECK(hint_for_word_of_others("sleep disable").empty());
    CHECK(hint_for_word_of_others("").empty());
    CHECK(hint_for_word_of_others(std::string(1000, 's')).empty());
  }
}

SCENARIO("a file of the ACME client in Rust that is called acmed too is told as such, in one sentence") {
  for (const auto* text :
       {"[global]\n[[endpoint]]\nname = \"le\"\nurl = \"https://ca.example/\"\ntos_agreed = true\n[[account]]\nname = "
        "\"me\"\n"
        "contacts = [{ mailto = \"me@example.com\" }]\n[[certificate]]\naccount = \"me\"\nendpoint = \"le\"\n"
        "identifiers = [{ dns = \"example.com\", challenge = \"dns-01\" }]\nhooks = [\"h\"]\n",
        "[[hook]]\nname = \"h\"\ncmd = \"/bin/true\"\n", "[[certificate]]\nendpoint = \"le\"\nidentifiers = []\n"}) {
    const auto faults = faults_of(text);
    CHECK_THAT(faults, Contains("for another program") && Contains("Rust"));
    CHECK(std::count(faults.begin(), faults.end(), '\n') <= 1);
  }
  CHECK_THAT(faults_of("endpoint = 1\n"), Contains("there is no such key"));
  CHECK(faults_of("") == "");
}
