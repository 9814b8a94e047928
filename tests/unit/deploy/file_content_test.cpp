// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/file_content.h"

#include "base/crypto/forms.h"
#include "base/error.h"
#include "tests/unit/catch.h"
#include "tests/unit/deploy/pair_scene.h"

namespace acmed::deploy {
namespace {

using config::FileKind;

std::string content(FileKind kind, const Generation& generation) {
  config::Target target;
  target.pkcs12_password = Secret("changeit");
  return file_content(kind, target, "corp", generation.files).reveal();
}

store::GenerationFiles with_key(const Generation& generation, crypto::KeyType type) {
  auto files = generation.files;
  files.private_key = crypto::PrivateKey::generate(type).to_pem();
  return files;
}

}  // namespace

SCENARIO("a service gets its key and certificate in the form that it reads") {
  const PairScene scene;
  const auto& generation = scene.second();
  const auto& files = generation.files;
  CHECK(content(FileKind::combined, generation) == files.private_key.reveal() + files.full_chain);
  CHECK(content(FileKind::combined_key_last, generation) == files.full_chain + files.private_key.reveal());
  CHECK(crypto::Certificate::from_der(content(FileKind::der, generation)).to_pem() == files.certificate);
  const auto traditional = content(FileKind::privkey_traditional, generation);
  CHECK(traditional.starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
  CHECK(crypto::PrivateKey::from_pem(Secret(traditional)).to_pem() == files.private_key);
  CHECK(content(FileKind::privkey_der, generation).starts_with("\x30"));
  config::Target target;
  CHECK(file_content(FileKind::privkey_traditional, target, "corp", with_key(generation, crypto::KeyType::rsa_2048))
            .reveal()
            .starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
  CHECK_THROWS_AS(
      file_content(FileKind::privkey_traditional, target, "corp", with_key(generation, crypto::KeyType::ed25519)),
      Refused);
}

SCENARIO("PKCS #12 is known again although it is another each time") {
  const PairScene scene;
  config::Target target;
  target.pkcs12_password = Secret("changeit");
  for (const auto kind : {FileKind::pkcs12, FileKind::pkcs12_legacy}) {
    const auto one = content(kind, scene.second());
    CHECK(one != content(kind, scene.second()));
    CHECK(is_file_content(one, kind, target, scene.second().files));
    CHECK_FALSE(is_file_content(one, kind, target, scene.first().files));
    CHECK_FALSE(is_file_content(one.substr(0, one.size() / 2), kind, target, scene.second().files));
    CHECK_FALSE(is_file_content("", kind, target, scene.second().files));
    auto other = target;
    other.pkcs12_password = Secret("changed");
    CHECK_FALSE(is_file_content(one, kind, other, scene.second().files));
    auto without_chain = scene.second().files;
    without_chain.full_chain = without_chain.certificate;
    CHECK_FALSE(is_file_content(one, kind, target, without_chain));
  }
}

}  // namespace acmed::deploy
