// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/runtime/task.h"
#include "daemon/deploy/file_set.h"
#include "daemon/deploy/subject.h"

namespace acmed::deploy {

/// Where a target's service reads its pair. The calls return what went wrong; each throws Cancelled only before it has
/// begun.
class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  virtual ~Place() = default;

  /// Puts the new pair into place. When it fails, everything is as before.
  virtual Task<std::optional<Error>> install() = 0;
  /// Why the new pair stays although the target's programs failed, for the end of a sentence: the former pair is no
  /// better. Empty when the former one shall be put back. `worth_until`: a certificate that ends before then is
  /// worthless.
  virtual Task<std::string> reason_to_stay(Time worth_until) = 0;
  /// Makes the new pair permanent.
  virtual Task<std::optional<Error>> keep() = 0;
  /// Restores what was there before.
  virtual Task<std::optional<Error>> put_back() = 0;
  /// Its name in sentences: "the former files".
  virtual std::string former_pair() const = 0;
};

/// Copies in a directory of the target's own.
class Copies final : public Place {
 public:
  /// `journals`: see FileSet.
  Copies(const config::Target& target, Generation generation, const std::filesystem::path& journals)
      : files_(std::make_shared<const FileSet>(target, generation.certificate, journals)),
        generation_(std::move(generation)) {}

  Task<std::optional<Error>> install() override;
  Task<std::string> reason_to_stay(Time worth_until) override;
  Task<std::optional<Error>> keep() override;
  Task<std::optional<Error>> put_back() override;
  std::string former_pair() const override { return "the former files"; }

 private:
  std::shared_ptr<const FileSet> files_;
  Generation generation_;
};

}  // namespace acmed::deploy
