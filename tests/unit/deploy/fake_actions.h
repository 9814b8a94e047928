// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime/sleep.h"
#include "daemon/deploy/actions.h"

namespace acmed::deploy {

/// Notes what is done, and does nothing. Each subject is called by its certificate.
class FakeActions final : public Actions {
 public:
  std::vector<std::string> calls;     ///< of programs, units and verify: "test a b", "hook a", "rollback a"
  std::set<std::string> new_pairs;    ///< the certificates whose new copies are in place
  std::vector<TargetName> under_way;  ///< when the process before ended
  std::set<std::string> had_none;     ///< those whose targets had no copies before
  std::function<bool(const std::string& call)> fails = [](const std::string&) { return false; };
  Duration takes = Duration::zero();  ///< each call
  int at_a_time = 0;
  int most_at_a_time = 0;

  std::unique_ptr<Place> place(std::shared_ptr<const Subject> subject) override {
    return std::make_unique<FakePlace>(*this, subject->generation.certificate);
  }
  Task<> test(Subjects subjects) override { return call("test" + names_of(subjects)); }
  Task<> apply(std::shared_ptr<const Subject> subject, std::string unit) override {
    const auto& restart = subject->target.restart;
    return call((std::ranges::find(restart, unit) != restart.end() ? "restart " : "") + unit);
  }
  Task<> hook(Subjects subjects, Event event) override {
    return call((event == Event::deploy ? "hook" : "rollback") + names_of(subjects));
  }
  Task<> verify(std::shared_ptr<const Subject> subject) override { return call("verify" + names_of({subject})); }

  Task<std::vector<TargetName>> interrupted() override { co_return under_way; }
  Task<> take_back(TargetName former) override {
    calls.push_back(fmt::format("take back {} {}", former.certificate, former.target));
    std::erase(under_way, former);
    co_return;
  }

  std::ptrdiff_t count(const std::string& call_begin) const {
    return std::ranges::count_if(calls, [&](const std::string& each) { return each.starts_with(call_begin); });
  }

 private:
  class FakePlace final : public Place {
   public:
    FakePlace(FakeActions& actions, std::string certificate)
        : actions_(actions), certificate_(std::move(certificate)) {}
    Task<std::optional<Error>> install() override {
      actions_.new_pairs.insert(certificate_);
      co_return std::nullopt;
    }
    Task<std::string> reason_to_stay(Time) override {
      co_return actions_.had_none.contains(certificate_) ? "there were none before" : "";
    }
    Task<std::optional<Error>> keep() override { co_return std::nullopt; }
    Task<std::optional<Error>> put_back() override {
      actions_.new_pairs.erase(certificate_);
      co_return std::nullopt;
    }
    std::string former_pair() const override { return "the former files"; }

   private:
    FakeActions& actions_;
    std::string certificate_;
  };

  static std::string names_of(const Subjects& subjects) {
    std::string names;
    for (const auto& subject : subjects) names += " " + subject->generation.certificate;
    return names;
  }

  Task<> call(std::string name) {
    calls.push_back(name);
    most_at_a_time = std::max(most_at_a_time, ++at_a_time);
    co_await sleep_for(takes);
    --at_a_time;
    if (fails(name)) throw Retry("deploy:fake", name + " failed");
  }
};

}  // namespace acmed::deploy
