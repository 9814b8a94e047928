// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/crypto/key.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/deploy/scene.h"

namespace acmed::deploy {

/// `generation` with a key and a certificate that belong to each other and are for its names.
inline Generation with_pair(Generation generation) {
  static const test::TestCa ca;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  auto& files = generation.files;
  if (generation.meta.serial.empty()) generation.meta.serial = "01";
  files.private_key = key.to_pem();
  files.certificate = ca.issue(key, {generation.meta.domains, true, generation.meta.serial, {}}).to_pem();
  files.chain = ca.root_pem();
  files.full_chain = files.certificate + files.chain;
  generation.meta.key_type = "ecdsa-p256";
  return generation;
}

/// A scene whose generations are pairs: deployments look at them first.
class PairScene : public Scene {
 public:
  PairScene() : first_(with_pair(Scene::first())), second_(with_pair(Scene::second())) {}

  const Generation& first() const { return first_; }
  const Generation& second() const { return second_; }
  std::string key(const Generation& generation) const { return generation.files.private_key.reveal(); }

 private:
  Generation first_;
  Generation second_;
};

inline std::shared_ptr<const Subject> subject_of(const config::Target& target, const Generation& generation) {
  return std::make_shared<const Subject>(Subject{target, generation});
}

}  // namespace acmed::deploy
