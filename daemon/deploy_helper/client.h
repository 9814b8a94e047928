// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "daemon/deploy/actions.h"
#include "daemon/deploy_helper/request.h"

namespace acmed::deploy_helper {

/// Where the service manager listens for the helper (acmed-deploy.socket).
inline constexpr const char* usual_socket = "/run/acmed-deploy.sock";

/// Has everything done by the helper, one request a connection. What is not answered may have been done or not: all of
/// it can be asked for again.
class Client final : public deploy::Actions {
 public:
  /// `own`: for what needs no rights, but the network, which the helper has not.
  Client(std::filesystem::path socket, std::unique_ptr<deploy::Actions> own)
      : socket_(std::move(socket)), own_(std::move(own)) {}

  std::unique_ptr<deploy::Place> place(std::shared_ptr<const deploy::Subject> subject) override;
  Task<> test(deploy::Subjects subjects) override;
  Task<> apply(std::shared_ptr<const deploy::Subject> subject, std::string unit) override;
  Task<> verify(std::shared_ptr<const deploy::Subject> subject) override { return own_->verify(std::move(subject)); }
  Task<> hook(deploy::Subjects subjects, deploy::Event event) override;
  /// The helper looks after its own.
  Task<std::vector<deploy::TargetName>> interrupted() override { return own_->interrupted(); }
  Task<> take_back(deploy::TargetName former) override { return own_->take_back(std::move(former)); }

  /// Sends a request about `subjects`, with their files where it needs them, and waits for the answer. Throws what the
  /// answer says went wrong, Retry ("helper:connection", "helper:timeout"), Cancelled.
  Task<Answer> ask(Request request, deploy::Subjects subjects);

 private:
  Task<Answer> exchange(std::string line, std::vector<store::GenerationFiles> contents);

  std::filesystem::path socket_;
  std::unique_ptr<deploy::Actions> own_;
};

/// Actions by the helper where it is there (its socket exists) and we are not root, who needs none; else `own`.
std::unique_ptr<deploy::Actions> choose_actions(const std::filesystem::path& socket,
                                                std::unique_ptr<deploy::Actions> own);

}  // namespace acmed::deploy_helper
