// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/deploy/deploy.h"
#include "daemon/deploy/file_set.h"

namespace acmed::deploy {

/// Where the service of a target reads its pair. The calls give what went wrong; each throws Cancelled only before it
/// has begun.
class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  virtual ~Place() = default;

  /// Puts the new pair there. When it fails, everything is as before.
  virtual Task<std::optional<Error>> install() = 0;
  /// Why the new pair stays though its programs failed, for the end of a sentence: what was there before is no better.
  /// Empty when the former one is to be put back. `worth_until`: a certificate that ends before is worth nothing.
  virtual Task<std::string> reason_to_stay(Time worth_until) = 0;
  /// The new pair stays.
  virtual Task<std::optional<Error>> keep() = 0;
  /// What was there before is there again.
  virtual Task<std::optional<Error>> put_back() = 0;
  /// What a sentence calls it: "the former files".
  virtual std::string former_pair() const = 0;
};

/// Copies in a directory of the target's own.
class Copies final : public Place {
 public:
  Copies(const config::Target& target, Generation generation)
      : files_(std::make_shared<const FileSet>(target, generation.certificate)), generation_(std::move(generation)) {}

  Task<std::optional<Error>> install() override;
  Task<std::string> reason_to_stay(Time worth_until) override;
  Task<std::optional<Error>> keep() override;
  Task<std::optional<Error>> put_back() override;
  std::string former_pair() const override { return "the former files"; }

 private:
  std::shared_ptr<const FileSet> files_;
  Generation generation_;
};

/// The link in live/, which targets without a directory share.
class Link final : public Place {
 public:
  /// `former`: the generation to go back to, when there is one that is worth it.
  Link(store::Publisher& publisher, Generation generation, std::optional<Generation> former)
      : publisher_(publisher), generation_(std::move(generation)), former_(std::move(former)) {}

  Task<std::optional<Error>> install() override;
  Task<std::string> reason_to_stay(Time worth_until) override;
  Task<std::optional<Error>> keep() override;
  Task<std::optional<Error>> put_back() override;
  std::string former_pair() const override { return "the former generation"; }

 private:
  Task<std::optional<Error>> publish(store::Generation generation);

  store::Publisher& publisher_;
  Generation generation_;
  std::optional<Generation> former_;
};

/// The place of `target`.
std::unique_ptr<Place> place_of(const config::Target& target, store::Publisher& publisher, Generation generation,
                                std::optional<Generation> former);

}  // namespace acmed::deploy
