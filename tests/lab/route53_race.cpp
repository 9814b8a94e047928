// SPDX-License-Identifier: Apache-2.0
// One of several processes that add and remove values of their own at one name, each with the provider of the
// configuration RACE_CONFIG and without knowing of the others: RACE_ROUNDS times. RACE_VALUES is where the values at
// the name are told, one a line. Prints each value that is not there when it ought to be, or is when it ought not.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/http/client.h"
#include "base/runtime/scope.h"
#include "providers/registry.h"

using namespace acmed;
using namespace acmed::providers;

namespace {

const dns::Name challenge("_acme-challenge.operator.test");
constexpr int most_retries = 20;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

class Racer {
 public:
  explicit Racer(Loop& loop) : loop_(loop), config_(config::load(variable("RACE_CONFIG"))) {
    provider_ = make_provider(config_.providers.front(), loop_, discovery_);
    zone_ = run(loop_, provider_->zone_of(challenge)).value();
  }

  void round(int number) {
    const auto value = crypto::base64url(crypto::sha256(fmt::format("{} {}", ::getpid(), number)));
    change(Action::add, value);
    expect(true, value, "was added");
    expect(true, value, "was added a while ago");
    change(Action::remove, value);
    expect(false, value, "was removed");
  }

  int faults() const { return faults_; }

 private:
  /// As a journey does: what may pass is asked for again.
  void change(Action action, const std::string& value) {
    for (int tries = 1;; ++tries) {
      try {
        return run(loop_, provider_->apply(zone_, {{action, challenge, value, std::chrono::seconds(60)}}));
      } catch (const Error& error) {
        if (error.advice() == Error::Advice::refused || tries == most_retries) throw;
      }
    }
  }

  void expect(bool wanted, const std::string& value, const char* what) {
    const auto there = "\n" + run(loop_, http_.send({"GET", variable("RACE_VALUES"), {}, {}})).body;
    for (const auto& [one, must] : {std::pair{value, wanted}, std::pair{std::string("somebody-elses"), true}}) {
      if ((there.find("\n" + one + "\n") != std::string::npos) == must) continue;
      fmt::print("{} {} there, after {} {}\n", one, must ? "is not" : "is", value, what);
      ++faults_;
    }
  }

  Loop& loop_;
  config::Config config_;
  dns::Discovery discovery_{loop_, {dns::Endpoint::parse(variable("LAB_RESOLVER")).value()}};
  http::Client http_{loop_, {"acmed-test", {}, true}};
  std::unique_ptr<Provider> provider_;
  Zone zone_;
  int faults_ = 0;
};

}  // namespace

int main() {
  try {
    // The pauses that the provider makes would take minutes; without them the processes meet all the more often.
    VirtualClock clock{HostClock().now()};
    Loop loop(clock);
    Racer racer(loop);
    const int rounds = std::stoi(variable("RACE_ROUNDS"));
    for (int i = 0; i < rounds; ++i) racer.round(i);
    fmt::print("{} rounds\n", rounds);
    return racer.faults() == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print("{}\n", error.what());
    return 2;
  }
}
