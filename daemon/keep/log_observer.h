// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/issue/observer.h"

namespace acmed::keep {

/// Logs each step: what a person wants to see at notice and above, the rest for --verbose.
class LogObserver final : public issue::Observer {
 public:
  void ordered(const std::string& certificate, const std::string& ca, const std::string& order_url,
               std::size_t names) override;
  void published(const std::string& certificate, std::size_t values) override;
  void propagated(const std::string& certificate, Duration after) override;
  void validated(const std::string& certificate) override;
  void revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) override;
  void issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) override;
  void renewal_suggested(const std::string& certificate, const std::string& ca,
                         const store::RenewalPlan& plan) override;
  void deployed(const std::string& certificate, const std::string& target) override;
  void rolled_back(const std::string& certificate, const std::string& target, unsigned generation) override;
  void failed(const std::string& certificate, const std::string& what, const Error& error, Time next_try) override;
};

}  // namespace acmed::keep
