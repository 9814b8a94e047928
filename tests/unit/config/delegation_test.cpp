// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;

std::string with(const std::string& lines, const std::string& before = {}) {
  return before + basis + "[ca.owner]\ndirectory = \"https://ido.example/dir\"\nterms_agreed = true\n" +
         "[[certificate]]\ndomains = [\"www.ido.example\"]\nca = \"owner\"\n" + lines;
}

}  // namespace

SCENARIO("delegated names need no provider") {
  const Folder folder;
  const auto config = folder.load(with("delegation = \"https://ido.example/acme/delegation/1\""));
  CHECK(config.certificates[0].delegation == "https://ido.example/acme/delegation/1");
  CHECK(folder.load(with("delegation = true")).certificates[0].delegation == only_delegation);
  CHECK_THAT(folder.faults(with("delegation = false")), Contains("served by no provider"));
  CHECK_THAT(folder.faults(with("")), Contains("served by no provider"));
}

SCENARIO("what the defaults say of proofs does not concern delegated names") {
  const Folder folder;
  const auto config =
      folder.load(with("delegation = true",
                       "[defaults]\nchallenge = \"dns-persist-01\"\nprofile = \"x\"\npersist_for = \"9d\"\n"
                       "propagation = { timeout = \"1m\" }\n"));
  const auto& certificate = config.certificates[0];
  CHECK(certificate.challenges.front() == ChallengeType::dns_01);
  CHECK_FALSE(certificate.profile);
  CHECK_FALSE(certificate.persist_for);
  CHECK(certificate.propagation == Propagation());
}

SCENARIO("what does not go with a delegation is told with what to do") {
  const Folder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"delegation = 1", "the URL of a delegation, or true for the only one that the account has"},
      {"delegation = \"only\"",
       "certificate.delegation: \"only\" was found, an https URL is wanted: \"https://HOST/PATH\"; or true, for the "
       "only "
       "one that the account has"},
      {"delegation = \"http://ido.example/1\"", "certificate.delegation"},
      {"delegation = \"https://elsewhere.example/1\"",
       "certificate.delegation: \"https://elsewhere.example/1\" is not on the server of [ca.owner], "
       "https://ido.example/dir; give the URL that this server names, or set hosts there"},
      {"delegation = true\nchallenge = \"dns-01\"", "certificate.challenge: does not go with `delegation`"},
      {"delegation = true\npropagation = { timeout = \"1m\" }", "certificate.propagation: does not go with"},
      {"delegation = true\nprofile = \"x\"", "certificate.profile: does not go with `delegation`"},
      {"delegation = true\npersist_for = \"9d\"", "certificate.persist_for: does not go with `delegation`"},
      {"delegation = true\ndane = [\"_25._tcp.corp.example\"]", "certificate.dane: does not go with `delegation`"},
  };
  for (const auto& [lines, expected] : cases) {
    INFO(lines);
    CHECK_THAT(folder.faults(with(lines)), Contains(expected));
  }
  CHECK_THAT(folder.faults("[defaults]\ndelegation = true\n" + with("")),
             Contains("defaults.delegation: each certificate has its own names"));
}

SCENARIO("a delegation belongs to one CA") {
  const Folder folder;
  auto text = with("delegation = true");
  const std::string one = "ca = \"owner\"";
  text.replace(text.find(one), one.size(), "ca = [\"owner\", \"other\"]");
  CHECK_THAT(folder.faults(text + "\n[ca.other]\ndirectory = \"https://other.example/dir\"\nterms_agreed = true\n"),
             Contains("certificate.delegation: belongs to an account at one CA"));
}

}  // namespace acmed::config
