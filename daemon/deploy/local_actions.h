// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "daemon/deploy/actions.h"
#include "daemon/deploy/verify.h"

namespace acmed::deploy {

/// Does everything in this process, with the rights that it has.
class LocalActions final : public Actions {
 public:
  /// `journals`: see FileSet.
  explicit LocalActions(std::filesystem::path journals) : journals_(std::move(journals)) {}

  std::unique_ptr<Place> place(std::shared_ptr<const Subject> subject) override;
  Task<> test(Subjects subjects) override;
  Task<> apply(std::shared_ptr<const Subject> subject, std::string unit) override;
  Task<> hook(Subjects subjects, Event event) override;
  Task<std::vector<TargetName>> interrupted() override;
  Task<> take_back(TargetName former) override;
  Task<> verify(std::shared_ptr<const Subject> subject) override { return verify_service(std::move(subject)); }

 private:
  std::filesystem::path journals_;
};

}  // namespace acmed::deploy
