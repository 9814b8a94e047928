// SPDX-License-Identifier: Apache-2.0
#include "config/key_types.h"

#include "config/deployments.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using crypto::KeyType;

std::vector<std::string> names(const std::vector<Certificate>& certificates) {
  std::vector<std::string> result;
  for (const auto& certificate : certificates) result.push_back(certificate.name);
  return result;
}

const std::string two_types = R"([[certificate]]
name = "web"
domains = ["corp.example"]
key_type = ["ecdsa-p256", "rsa-2048"]
preferred_chain = "SHA256:AA:)" +
                              std::string(62, 'b') + R"("
  [[certificate.deploy]]
  name = "nginx"
  directory = "/etc/nginx/{key_type}"
  files = { fullchain = "{name}.pem", privkey = "{name}.key" }
  test = ["nginx", "-t"]
  post_hook = ["hook", "{key_type}"]
)";

}  // namespace

SCENARIO("what tells the certificates of several key types apart is their family, or else the type") {
  const KeyTypes usual = {KeyType::ecdsa_p256, KeyType::rsa_2048, KeyType::ed25519};
  const KeyTypes kin = {KeyType::rsa_2048, KeyType::ecdsa_p256, KeyType::rsa_4096};
  CHECK(short_name(usual[0], usual) == "ecdsa");
  CHECK(name_for("web", 0, usual) == "web");
  CHECK(name_for("web", 1, usual) == "web.rsa");
  CHECK(name_for("web", 2, usual) == "web.ed25519");
  CHECK(name_for("web", 1, kin) == "web.ecdsa");
  CHECK(name_for("web", 2, kin) == "web.rsa-4096");
  CHECK(short_name(kin[0], kin) == "rsa-2048");
  CHECK(name_for("", 1, usual).empty());
}

SCENARIO("one table with two key types makes two certificates that are deployed with one test") {
  const Folder folder;
  const auto config = folder.load(basis + two_types);
  REQUIRE(names(config.certificates) == std::vector<std::string>{"web", "web.rsa"});
  const auto& ecdsa = config.certificates[0];
  const auto& rsa = config.certificates[1];
  CHECK(ecdsa.key_type == KeyType::ecdsa_p256);
  CHECK(rsa.key_type == KeyType::rsa_2048);
  CHECK(ecdsa.domains == rsa.domains);
  THEN("each has its own files, and they share what is run") {
    CHECK(ecdsa.deploy.at(0).directory == "/etc/nginx/ecdsa");
    CHECK(rsa.deploy.at(0).directory == "/etc/nginx/rsa");
    CHECK(ecdsa.deploy.at(0).files.at(FileKind::privkey) == "web.key");
    CHECK(rsa.deploy.at(0).files.at(FileKind::privkey) == "web.rsa.key");
    CHECK(rsa.deploy.at(0).post_hook.at(1) == "rsa");
    CHECK(ecdsa.deploy.at(0).test == rsa.deploy.at(0).test);
  }
  THEN("who deploys as root knows them by the same names") {
    CHECK(names(load_deployments(folder.path("acmed.toml")).certificates) == names(config.certificates));
  }
  THEN("they want the same chain, however its fingerprint was written") {
    CHECK(ecdsa.preferred_chain == "sha256:aa" + std::string(62, 'b'));
    CHECK(rsa.preferred_chain == ecdsa.preferred_chain);
  }
}

SCENARIO("the defaults may list key types, and a certificate may want one alone") {
  const Folder folder;
  const auto config = folder.load(
      "[defaults]\nkey_type = [\"rsa-2048\", \"ecdsa-p384\"]\npreferred_chain = \"Root\"\n" + basis + R"([[certificate]]
domains = ["corp.example"]
[[certificate]]
domains = ["b.corp.example"]
key_type = "ed25519"
preferred_chain = "Other"
)");
  CHECK(names(config.certificates) == std::vector<std::string>{"corp.example", "corp.example.ecdsa", "b.corp.example"});
  CHECK(config.certificates[1].key_type == KeyType::ecdsa_p384);
  CHECK(config.certificates[1].preferred_chain == "Root");
  CHECK(config.certificates[2].key_type == KeyType::ed25519);
  CHECK(config.certificates[2].preferred_chain == "Other");
  CHECK(names(load_deployments(folder.path("acmed.toml")).certificates) == names(config.certificates));
}

}  // namespace acmed::config
