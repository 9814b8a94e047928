// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/performer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "config/deployments.h"
#include "daemon/deploy/file_set.h"
#include "daemon/deploy/journal.h"
#include "daemon/deploy_helper/contents.h"

namespace acmed::deploy_helper {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw Refused("helper:target", sentence);
}

const config::Certificate& certificate_in(const config::Deployments& deployments, const SubjectName& wanted) {
  const auto found = std::ranges::find(deployments.certificates, wanted.certificate, &config::Certificate::name);
  if (found == deployments.certificates.end()) {
    refuse(fmt::format("the configuration that acmed-deploy reads has no certificate \"{}\"", wanted.certificate));
  }
  return *found;
}

const config::Target& target_in(const config::Certificate& certificate, const SubjectName& wanted) {
  const auto found = std::ranges::find(certificate.deploy, wanted.target, &config::Target::name);
  if (found == certificate.deploy.end()) {
    refuse(fmt::format("the configuration that acmed-deploy reads has no target \"{}\" of the certificate {}",
                       wanted.target, wanted.certificate));
  }
  return *found;
}

/// What is run once for all has to be the same for all.
void require_same(const deploy::Subjects& subjects, std::vector<std::string> config::Target::*command) {
  const auto& wanted = subjects.front()->target.*command;
  if (wanted.empty()) refuse("the target has no such program in the configuration that acmed-deploy reads");
  for (const auto& subject : subjects) {
    if (subject->target.*command != wanted) refuse("the targets have different programs");
  }
}

bool has_unit(const config::Target& target, const std::string& unit) {
  return std::ranges::find(target.reload, unit) != target.reload.end() ||
         std::ranges::find(target.restart, unit) != target.restart.end();
}

Answer done(std::optional<Error> failure) {
  return {std::move(failure), {}};
}

Task<Answer> perform_in_place(deploy::Actions& actions, Request request,
                              std::shared_ptr<const deploy::Subject> subject) {
  if (!subject->target.directory) refuse("the target has no directory in the configuration that acmed-deploy reads");
  const auto place = actions.place(subject);
  switch (request.operation) {
    case Operation::install: {
      if (subject->generation.files.private_key.empty() && subject->generation.meta.key_uri.empty())
        refuse("there is no key to install");
      auto failure = co_await place->install();
      co_return done(std::move(failure));
    }
    case Operation::keep: {
      auto failure = co_await place->keep();
      co_return done(std::move(failure));
    }
    case Operation::put_back: {
      auto failure = co_await place->put_back();
      co_return done(std::move(failure));
    }
    default: {
      auto reason = co_await place->reason_to_stay(Time(std::chrono::seconds(request.worth_until)));
      co_return Answer{std::nullopt, std::move(reason)};
    }
  }
}

}  // namespace

deploy::Subjects find_subjects(const std::filesystem::path& configuration, const Request& request,
                               const std::vector<store::GenerationFiles>& contents) {
  const auto deployments = config::load_deployments(configuration);
  if (needs_contents(request.operation) && contents.size() != request.subjects.size()) {
    throw Refused("helper:contents", "there are not as many contents as generations");
  }
  deploy::Subjects subjects;
  for (std::size_t i = 0; i < request.subjects.size(); ++i) {
    const auto& wanted = request.subjects[i];
    const auto& certificate = certificate_in(deployments, wanted);
    auto subject = std::make_shared<deploy::Subject>();
    subject->target = target_in(certificate, wanted);
    auto& generation = subject->generation;
    generation.certificate = certificate.name;
    generation.live = deployments.state_directory / "live" / certificate.name;
    generation.number = wanted.generation;
    if (certificate.key) generation.meta.key_uri = certificate.key->uri;
    if (needs_contents(request.operation)) {
      generation.files = contents[i];
      if (request.operation == Operation::rollback_hook) {
        check_and_describe_former(generation);
      } else {
        check_and_describe(generation, certificate.domains);
      }
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

void take_back_former(const std::filesystem::path& configuration, const std::filesystem::path& state) {
  const auto interrupted = deploy::targets_with_journals(state);
  if (interrupted.empty()) return;
  const auto deployments = config::load_deployments(configuration);
  for (const auto& each : interrupted) {
    const auto certificate = std::ranges::find(deployments.certificates, each.certificate, &config::Certificate::name);
    if (certificate != deployments.certificates.end() &&
        std::ranges::find(certificate->deploy, each.target, &config::Target::name) != certificate->deploy.end()) {
      continue;
    }
    try {
      deploy::take_back(each, state);
    } catch (const Error& error) {
      log::warning(fmt::format("{}: target {}: {}", each.certificate, each.target, error.what()));
    }
  }
}

Task<Answer> perform(deploy::Actions& actions, Request request, deploy::Subjects subjects) {
  switch (request.operation) {
    case Operation::test:
      require_same(subjects, &config::Target::test);
      co_await actions.test(std::move(subjects));
      co_return Answer{};
    case Operation::hook:
    case Operation::rollback_hook: {
      require_same(subjects, &config::Target::post_hook);
      const bool is_rollback = request.operation == Operation::rollback_hook;
      co_await actions.hook(std::move(subjects), is_rollback ? deploy::Event::rollback : deploy::Event::deploy);
      co_return Answer{};
    }
    case Operation::apply:
      if (!has_unit(subjects.front()->target, request.unit)) {
        refuse("the target does not name that unit in the configuration that acmed-deploy reads");
      }
      co_await actions.apply(subjects.front(), request.unit);
      co_return Answer{};
    default:
      break;
  }
  auto answer = co_await perform_in_place(actions, request, subjects.front());
  co_return answer;
}

}  // namespace acmed::deploy_helper
