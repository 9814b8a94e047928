// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "daemon/issue/observer.h"

namespace acmed::issue {

/// Several observers in place of one: each hears of everything, in this order.
class Observers final : public Observer {
 public:
  /// They must outlive it.
  explicit Observers(std::vector<Observer*> all) : all_(std::move(all)) {}

  void began(const std::string& certificate) override {
    for (auto* each : all_) each->began(certificate);
  }
  void ended(const std::string& certificate) override {
    for (auto* each : all_) each->ended(certificate);
  }
  void ordered(const std::string& certificate, const std::string& ca, const std::string& order_url,
               std::size_t names) override {
    for (auto* each : all_) each->ordered(certificate, ca, order_url, names);
  }
  void published(const std::string& certificate, std::size_t values) override {
    for (auto* each : all_) each->published(certificate, values);
  }
  void looked(const std::string& certificate, const std::vector<dns::ServerReport>& servers) override {
    for (auto* each : all_) each->looked(certificate, servers);
  }
  void propagated(const std::string& certificate, Duration after) override {
    for (auto* each : all_) each->propagated(certificate, after);
  }
  void visible(const std::string& provider, Duration after) override {
    for (auto* each : all_) each->visible(provider, after);
  }
  void validated(const std::string& certificate) override {
    for (auto* each : all_) each->validated(certificate);
  }
  void issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) override {
    for (auto* each : all_) each->issued(certificate, ca, issued);
  }
  void deployed(const std::string& certificate, const std::string& target) override {
    for (auto* each : all_) each->deployed(certificate, target);
  }
  void renewal_suggested(const std::string& certificate, const std::string& ca,
                         const store::RenewalPlan& plan) override {
    for (auto* each : all_) each->renewal_suggested(certificate, ca, plan);
  }
  void rolled_back(const std::string& certificate, const std::string& target, unsigned generation) override {
    for (auto* each : all_) each->rolled_back(certificate, target, generation);
  }
  void revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) override {
    for (auto* each : all_) each->revoked(certificate, ca, revocation);
  }
  void not_issued(const std::string& certificate, const std::string& ca) override {
    for (auto* each : all_) each->not_issued(certificate, ca);
  }
  void not_deployed(const std::string& certificate, const std::string& target) override {
    for (auto* each : all_) each->not_deployed(certificate, target);
  }
  void failed(const std::string& certificate, const std::string& what, const Error& error, Time next_try) override {
    for (auto* each : all_) each->failed(certificate, what, error, next_try);
  }
  void asked_ca(const std::string& ca, const std::string& request, int status, Duration elapsed) override {
    for (auto* each : all_) each->asked_ca(ca, request, status, elapsed);
  }
  void asked_provider(const std::string& provider, bool succeeded) override {
    for (auto* each : all_) each->asked_provider(provider, succeeded);
  }

 private:
  std::vector<Observer*> all_;
};

}  // namespace acmed::issue
