// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/chain_choice.h"

#include "tests/unit/acme/chains.h"
#include "tests/unit/catch.h"

namespace acmed {
namespace {

using acme::Fit;

struct Case {
  std::string preferred;
  Fit one;  ///< of the chain to Root One
  Fit two;  ///< of the chain to Root Two
};

std::string by_fingerprint(const std::string& pem, std::size_t place) {
  return "sha256:" + crypto::parse_chain(pem).at(place).fingerprint();
}

}  // namespace

SCENARIO("a chain is preferred by any certificate above the leaf, or by its root") {
  const auto one = crypto::parse_chain(test::chain_of_root_one);
  const auto two = crypto::parse_chain(test::chain_of_root_two);
  const std::vector<Case> cases = {
      {"Root One", Fit::top, Fit::none},
      {"Root Two", Fit::none, Fit::top},
      {"Inter", Fit::within, Fit::within},
      {"root one", Fit::none, Fit::none},
      {"", Fit::none, Fit::none},
      {by_fingerprint(test::chain_of_root_one, 1), Fit::top, Fit::none},
      {by_fingerprint(test::chain_of_root_two, 1), Fit::none, Fit::top},
      {by_fingerprint(test::chain_of_root_one, 0), Fit::none, Fit::none},  // the leaf is in each chain
      {"sha256:" + std::string(64, '0'), Fit::none, Fit::none},
  };
  for (const auto& each : cases) {
    INFO(each.preferred);
    CHECK(acme::fit_of(one, each.preferred) == each.one);
    CHECK(acme::fit_of(two, each.preferred) == each.two);
  }
  THEN("people are told whom each leads to") {
    CHECK(acme::described(one) == "\"Inter\" from \"Root One\"");
    CHECK(acme::described(crypto::parse_chain(test::leaf)) == "\"Inter\"");
  }
}

}  // namespace acmed
