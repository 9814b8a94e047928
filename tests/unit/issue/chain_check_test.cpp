// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/chain_check.h"

#include <algorithm>

#include "base/crypto/request.h"
#include "tests/unit/acme/chains.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"

namespace acmed::issue {
namespace {

using crypto::Certificate;
using crypto::parse_chain;

const std::vector<std::string> ordered = {"www.example.test", "*.example.test"};
const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22));

/// A leaf with its CA's certificates, and those of another CA of the same names.
struct Scene {
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  std::string request = crypto::make_csr(key, ordered);
  test::TestCa ca;
  test::TestCa other_ca;
  Certificate intermediate = parse_chain(ca.intermediate_pem()).front();
  Certificate root = parse_chain(ca.root_pem()).front();
  Certificate leaf = with({});

  Certificate with(test::CertificateFacts facts) const {
    if (facts.dns_names.empty()) facts.dns_names = ordered;
    return ca.issue_for(request, std::move(facts));
  }
  CheckedChain check(std::vector<Certificate> sent) const { return check_chain(std::move(sent), key, ordered, now); }
  std::string cause(std::vector<Certificate> sent) const {
    try {
      check(std::move(sent));
      return "accepted";
    } catch (const Error& error) {
      return error.cause();
    }
  }
};

}  // namespace

SCENARIO("a chain is taken in whatever order it was sent, and put in its own") {
  const Scene scene;
  std::vector<Certificate> sent = {scene.leaf, scene.intermediate, scene.root};
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    const auto checked = scene.check({sent[order[0]], sent[order[1]], sent[order[2]]});
    CHECK(checked.certificates == sent);
    CHECK(checked.remarks.empty());
  } while (std::ranges::next_permutation(order).found);
  CHECK(scene.check({scene.leaf, scene.intermediate}).remarks.empty());
}

SCENARIO("a certificate that was sent twice counts once") {
  const Scene scene;
  const auto checked = scene.check({scene.leaf, scene.leaf, scene.intermediate, scene.intermediate});
  CHECK(checked.certificates == std::vector<Certificate>{scene.leaf, scene.intermediate});
}

SCENARIO("a chain with a certificate that did not certify the one before is refused") {
  const Scene scene;
  const auto stranger = parse_chain(scene.other_ca.intermediate_pem()).front();
  const auto strange_root = parse_chain(scene.other_ca.root_pem()).front();
  CHECK(scene.cause({scene.leaf, scene.root}) == "acme:chain");
  CHECK(scene.cause({scene.leaf, stranger}) == "acme:chain");  // of the same name, with another key
  CHECK(scene.cause({scene.leaf, scene.intermediate, strange_root}) == "acme:chain");
  CHECK(scene.cause({scene.leaf, scene.intermediate, scene.root, stranger}) == "acme:chain");
  CHECK(scene.cause({scene.leaf, parse_chain(test::leaf).front()}) == "acme:chain");
  CHECK_THROWS_WITH(scene.check({scene.leaf, scene.root}),
                    Catch::Contains("issued by \"acmed test intermediate\", and no other"));
}

SCENARIO("a leaf alone is taken with a remark: its issuer may be trusted by itself") {
  const Scene scene;
  const auto checked = scene.check({scene.leaf});
  CHECK(checked.certificates.size() == 1);
  REQUIRE(checked.remarks.size() == 1);
  CHECK_THAT(checked.remarks.front(), Catch::Contains("without a chain"));
}

SCENARIO("all names that were ordered must be covered") {
  const Scene scene;
  const auto with_names = [&](std::vector<std::string> names) {
    test::CertificateFacts facts;
    facts.dns_names = std::move(names);
    return std::vector<Certificate>{scene.with(facts), scene.intermediate};
  };
  CHECK(scene.cause(with_names({"WWW.example.test", "*.example.TEST"})) == "accepted");
  CHECK(scene.cause(with_names({"*.example.test"})) == "accepted");  // it covers the other
  CHECK(scene.cause(with_names({"www.example.test"})) == "acme:certificate");
  CHECK(scene.cause(with_names({"www.example.test", "example.test", "*.www.example.test"})) == "acme:certificate");
  THEN("those beyond are told, a few of them by name") {
    const auto checked = scene.check(with_names({"www.example.test", "*.example.test", "example.test"}));
    REQUIRE(checked.remarks.size() == 1);
    CHECK_THAT(checked.remarks.front(), Catch::Contains("also for example.test, which"));
    std::vector<std::string> many = ordered;
    for (int i = 0; i < 9; ++i) many.push_back("n" + std::to_string(i) + ".test");
    CHECK_THAT(scene.check(with_names(many)).remarks.front(), Catch::Contains("n4.test and 4 more, which"));
  }
}

SCENARIO("a certificate that is over is the one that was ordered, one for another key is not") {
  const Scene scene;
  test::CertificateFacts facts;
  facts.not_after = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
  CHECK(scene.cause({scene.with(facts), scene.intermediate}) == "acme:chain");
  CHECK(scene.cause({scene.intermediate, scene.root}) == "acme:certificate");
}

SCENARIO("a certificate must be one for servers") {
  const Scene scene;
  const auto cause = [&](const std::string& usage, bool is_ca) {
    test::CertificateFacts facts;
    facts.extended_key_usage = usage;
    facts.is_ca = is_ca;
    return scene.cause({scene.with(facts), scene.intermediate});
  };
  CHECK(cause("", false) == "accepted");
  CHECK(cause("serverAuth", false) == "accepted");
  CHECK(cause("serverAuth,clientAuth", false) == "accepted");
  CHECK(cause("anyExtendedKeyUsage", false) == "accepted");
  CHECK(cause("clientAuth", false) == "acme:chain");
  CHECK(cause("codeSigning,emailProtection", false) == "acme:chain");
  CHECK(cause("serverAuth", true) == "acme:chain");
}

}  // namespace acmed::issue
