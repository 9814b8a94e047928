// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/runtime/loop.h"
#include "daemon/control/keeping.h"
#include "daemon/issue/observer.h"

namespace acmed::control {

/// Metrics in Prometheus's text format (version 0.0.4). Names begin with acmed_; no label has values that a stranger
/// can multiply: they are the configuration's names, and words of ours.
class Metrics final : public issue::Observer {
 public:
  explicit Metrics(Loop& loop) : loop_(loop) {}

  /// A page in the making: certificates first, then the rest.
  class Page {
   public:
    void add(const keep::CertificateView& certificate);
    std::string text(const Metrics& metrics, const Keeping& keeping) &&;

   private:
    std::string not_after_;
    std::string renewal_;
    std::string in_step_;
    std::string troubles_;
    std::map<keep::State, std::size_t> states_;
  };

  void began(const std::string& certificate) override;
  void ended(const std::string& certificate) override;
  void visible(const std::string& provider, Duration after) override;
  void asked_ca(const std::string& ca, const std::string& request, int status, Duration elapsed) override;
  void asked_provider(const std::string& provider, bool succeeded) override;
  void issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) override;
  void not_issued(const std::string& certificate, const std::string& ca) override;
  void deployed(const std::string& certificate, const std::string& target) override;
  void not_deployed(const std::string& certificate, const std::string& target) override;
  void rolled_back(const std::string& certificate, const std::string& target, unsigned generation) override;

 private:
  struct Histogram {
    explicit Histogram(std::vector<double> upper_bounds) : bounds(std::move(upper_bounds)), counts(bounds.size() + 1) {}
    void add(double value);
    /// `labels`: those of all its lines, `ca="lab"`; empty for none.
    std::string text(std::string_view name, const std::string& labels = {}) const;

    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;  ///< one for each bound, and one for all above
    double sum = 0;
  };
  /// By the values of two labels.
  using Counter = std::map<std::pair<std::string, std::string>, std::uint64_t>;

  void measure_lag();

  Loop& loop_;
  Counter orders_;                                                     ///< CA, result
  Counter deployments_;                                                ///< target, result
  using Exchange = std::tuple<std::string, std::string, std::string>;  ///< CA, what was asked, status
  std::map<Exchange, std::uint64_t> ca_requests_;
  Counter provider_calls_;                        ///< provider, result
  std::map<std::string, Histogram> ca_seconds_;   ///< by CA
  std::map<std::string, Histogram> propagation_;  ///< by provider
  Histogram lag_{{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1}};
  int in_progress_ = 0;
  Loop::Timer lag_timer_;
};

/// `text` as the value of a label.
std::string label_value(std::string_view text);

}  // namespace acmed::control
