// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/operations.h"

#include <fmt/format.h>

#include "daemon/control/documents.h"
#include "daemon/control/problem.h"

namespace acmed::control {
namespace {

constexpr std::size_t most_in_progress = 20'000;
constexpr std::size_t most_ended = 500;
constexpr std::size_t most_steps = 200;

}  // namespace

std::string Operations::begin(const std::string& what, const std::string& certificate, const std::string& detail,
                              bool* is_new) {
  const auto [first, last] = in_progress_.equal_range(certificate);
  for (auto each = first; each != last; ++each) {
    if (each->second->what != what || each->second->detail != detail) continue;
    *is_new = false;
    return each->second->id;
  }
  if (in_progress_.size() >= most_in_progress) {
    throw ProblemResponse(429, "control:busy", "too many operations are in progress: ask again later")
        .with("Retry-After", "10");
  }
  *is_new = true;
  Operation operation;
  // An identifier of a former process means nothing to this one.
  operation.id = fmt::format("{:x}-{}", clock_.now().time_since_epoch() / std::chrono::seconds(1), ++begun_);
  operation.what = what;
  operation.certificate = certificate;
  operation.detail = detail;
  operation.since = clock_.now();
  operation.latest = clock_.moment();
  const auto place = operations_.insert(operations_.end(), std::move(operation));
  by_id_.emplace(place->id, place);
  in_progress_.emplace(certificate, place);
  return place->id;
}

void Operations::end(const std::string& id, const Outcome& outcome) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  auto& operation = *found->second;
  operation.ended = clock_.now();
  operation.failures = outcome;
  const auto [first, last] = in_progress_.equal_range(operation.certificate);
  for (auto each = first; each != last; ++each) {
    if (each->second != found->second) continue;
    in_progress_.erase(each);
    break;
  }
  drop_oldest();
}

void Operations::drop_oldest() {
  for (auto each = operations_.begin();
       each != operations_.end() && by_id_.size() - in_progress_.size() > most_ended;) {
    const auto next = std::next(each);
    if (each->ended) {
      by_id_.erase(each->id);
      operations_.erase(each);
    }
    each = next;
  }
}

json::Value Operations::json_of(const std::string& id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return {};
  const auto& operation = *found->second;
  json::Array steps;
  for (const auto& step : operation.steps) {
    steps.push_back(json::Object{{"step", step.step},
                                 {"sentence", step.sentence},
                                 {"at", to_rfc3339(step.at)},
                                 {"seconds", std::chrono::duration<double>(step.took).count()}});
  }
  json::Array failures;
  for (const auto& failure : operation.failures) failures.push_back(trouble_json(failure));
  const auto* state = !operation.ended ? "running" : operation.failures.empty() ? "succeeded" : "failed";
  return json::Object{
      {"id", operation.id},
      {"what", operation.what},
      {"certificate", operation.certificate.empty() ? json::Value() : json::Value(operation.certificate)},
      {"ca", operation.certificate.empty() ? json::Value(operation.detail) : json::Value()},
      {"state", state},
      {"since", to_rfc3339(operation.since)},
      {"ended", time_json(operation.ended)},
      {"steps", std::move(steps)},
      {"failures", std::move(failures)}};
}

void Operations::add(const std::string& certificate, std::string_view step, const std::string& sentence) {
  const auto [first, last] = in_progress_.equal_range(certificate);
  for (auto each = first; each != last; ++each) {
    auto& operation = *each->second;
    if (operation.steps.size() >= most_steps) continue;
    const auto now = clock_.moment();
    operation.steps.push_back({step, sentence, clock_.now(), now - operation.latest});
    operation.latest = now;
  }
}

void Operations::ordered(const std::string& certificate, const std::string& ca, const std::string&, std::size_t names) {
  add(certificate, "ordered", fmt::format("{}, {} {}", ca, names, names == 1 ? "name" : "names"));
}

void Operations::published(const std::string& certificate, std::size_t values) {
  add(certificate, "published", fmt::format("{} TXT {}", values, values == 1 ? "value" : "values"));
}

void Operations::looked(const std::string& certificate, const std::vector<dns::ServerReport>& servers) {
  const auto [first, last] = in_progress_.equal_range(certificate);
  for (auto each = first; each != last; ++each) each->second->servers = servers.size();
}

void Operations::propagated(const std::string& certificate, Duration) {
  std::size_t servers = 0;
  const auto [first, last] = in_progress_.equal_range(certificate);
  for (auto each = first; each != last; ++each) servers = each->second->servers;
  add(certificate, "propagation", fmt::format("{0} of {0} name servers", servers));
}

void Operations::validated(const std::string& certificate) {
  add(certificate, "validated", "all names");
}

void Operations::issued(const std::string& certificate, const std::string&, const store::Issued& issued) {
  add(certificate, "issued", fmt::format("serial {}, ends {}", issued.serial, to_rfc3339(issued.not_after)));
}

void Operations::deployed(const std::string& certificate, const std::string& target) {
  add(certificate, "deployed", target);
}

void Operations::revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) {
  add(certificate, "revoked",
      fmt::format("generation {}, serial {}, by {}: {}", revocation.generation, revocation.serial, ca,
                  revocation.reason));
}

void Operations::rolled_back(const std::string& certificate, const std::string& target, unsigned generation) {
  add(certificate, "rolled_back", fmt::format("{} has generation {} again", target, generation));
}

void Operations::failed(const std::string& certificate, const std::string& what, const Error& error, Time) {
  add(certificate, "failed", fmt::format("{}: {}", what, error.what()));
}

}  // namespace acmed::control
