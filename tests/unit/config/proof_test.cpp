// SPDX-License-Identifier: Apache-2.0
#include "config/proof.h"

#include "config/cas.h"
#include "config/load.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;
using enum ChallengeType;

const std::string acme_dns =
    "[provider.fixed]\ntype = \"acme-dns\"\nurl = \"https://auth.example\"\nzones = [\"auth.example\"]\n"
    "delegated = [\"fixed.example\"]\n";

std::string certificate(const std::string& lines, const std::string& domain = "a.corp.example") {
  return basis + "[[certificate]]\ndomains = [\"" + domain + "\"]\n" + lines;
}

Certificate read(const std::string& text) {
  const Folder folder;
  return folder.load(text).certificates.at(0);
}

std::string faults(const std::string& text) {
  const Folder folder;
  return folder.faults(text);
}

}  // namespace

SCENARIO("a certificate is proved by the challenge that it names, else as before where the CA allows it") {
  CHECK(read(certificate("")).challenges == Challenges{dns_01, dns_account_01, dns_persist_01});
  CHECK(read(certificate("challenge = \"dns-account-01\"")).challenges == Challenges{dns_account_01});
  CHECK(read(certificate("challenge = \"dns-persist-01\"")).challenges == Challenges{dns_persist_01});
  CHECK(read(certificate("challenge = \"auto\"")).challenges == Challenges{dns_persist_01, dns_01, dns_account_01});
  CHECK(read("[defaults]\nchallenge = \"dns-persist-01\"\n" + certificate("challenge = \"dns-01\"")).challenges ==
        Challenges{dns_01});
  CHECK(read("[defaults]\nchallenge = \"dns-persist-01\"\n" + certificate("")).challenges ==
        Challenges{dns_persist_01});
}

SCENARIO("a record that stays holds for a year, unless something else is said") {
  CHECK(read(certificate("")).persist_for == usual_persist_for);
  CHECK(read(certificate("persist_for = \"90d\"")).persist_for == std::chrono::hours(24 * 90));
  CHECK(read("[defaults]\npersist_for = \"90d\"\n" + certificate("persist_for = \"forever\"")).persist_for ==
        std::nullopt);
  CHECK_THAT(faults(certificate("persist_for = \"1h\"")), Contains("certificate.persist_for: "));
  CHECK_THAT(faults(certificate("challenge = \"dns-01\"\npersist_for = \"90d\"")),
             Contains("certificate.persist_for: is about records of dns-persist-01, and challenge is \"dns-01\" here"));
  CHECK(read("[defaults]\nchallenge = \"dns-01\"\npersist_for = \"90d\"\n" + certificate("")).persist_for ==
        std::chrono::hours(24 * 90));
}

SCENARIO("a provider that keeps one fixed name answers dns-01 alone") {
  CHECK(read(acme_dns + certificate("challenge = \"auto\"", "fixed.example")).challenges == Challenges{dns_01});
  CHECK_THAT(faults(acme_dns + certificate("challenge = \"dns-account-01\"", "fixed.example")),
             Contains("provider fixed (acme-dns) keeps its values at one fixed name") &&
                 Contains("set challenge = \"dns-01\""));
  const std::string raw =
      "[provider.raw]\ntype = \"lego-httpreq\"\nendpoint = \"https://dns.example\"\nmode = \"raw\"\nzones = "
      "[\"raw.example\"]\n";
  CHECK_THAT(faults(raw + certificate("challenge = \"dns-persist-01\"", "raw.example")),
             Contains("provider raw has mode = \"raw\"") && Contains("leave `mode` out"));
}

SCENARIO("challenges that nobody could answer are refused with the reason") {
  CHECK_THAT(faults(certificate("challenge = \"http-01\"")),
             Contains("certificate.challenge: acmed opens no port to the world, so it does not answer http-01"));
  CHECK_THAT(faults(certificate("challenge = \"dns-02\"")),
             Contains("\"dns-02\" is not one of dns-01, dns-account-01, dns-persist-01 or auto; did you mean dns-01?"));
  const std::string zone_of_challenges =
      "[provider.only]\ntype = \"rfc2136\"\nserver = \"ns1\"\nzones = [\"_acme-challenge.only.example\"]\n";
  CHECK(read(zone_of_challenges + certificate("challenge = \"auto\"", "only.example")).challenges ==
        Challenges{dns_01, dns_account_01});
  CHECK_THAT(faults(zone_of_challenges + certificate("challenge = \"dns-persist-01\"", "only.example")),
             Contains("is served by no provider (_validation-persist.only.example is where dns-persist-01 proves it)"));
  std::string long_name = "corp.example";
  while (long_name.size() < 230) long_name.insert(0, "x.");
  CHECK_THAT(faults(certificate("challenge = \"dns-account-01\"", long_name)),
             Contains("is too long for dns-account-01"));
}

SCENARIO("a certificate has a profile of its own, or that of the defaults, or its CA's") {
  CHECK_FALSE(read(certificate("")).profile);
  const auto own =
      read("[defaults]\nprofile = \"tlsserver\"\n" + certificate("profile = \"shortlived\"\nprofile_required = true"));
  REQUIRE(own.profile);
  CHECK(*own.profile == Profile{"shortlived", true});
  const auto usual = read("[defaults]\nprofile = \"tlsserver\"\n" + certificate(""));
  REQUIRE(usual.profile);
  CHECK(*usual.profile == Profile{"tlsserver", false});
  const auto none = read("[defaults]\nprofile = \"tlsserver\"\n" + certificate("profile = \"\""));
  REQUIRE(none.profile);
  CHECK(none.profile->name.empty());
  CHECK_THAT(faults(certificate("profile_required = true")),
             Contains("certificate.profile_required: is true, but no profile is named beside it"));
}

SCENARIO("how many names a CA accepts is known of some") {
  const auto* const letsencrypt = "https://acme-v02.api.letsencrypt.org/directory";
  CHECK(most_names_at(letsencrypt, "") == 100);
  CHECK(most_names_at(letsencrypt, "shortlived") == 25);
  CHECK(most_names_at("https://acme-staging-v02.api.letsencrypt.org/directory", "tlsserver") == 25);
  CHECK_FALSE(most_names_at("https://ca.corp.example/directory", "shortlived"));
}

}  // namespace acmed::config
