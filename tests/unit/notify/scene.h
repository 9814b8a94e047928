// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/notify/news.h"

namespace acmed::notify::test {

/// Certificates whose troubles a test makes up.
struct FakeCertificates final : Watched {
  std::vector<keep::CertificateView> all;   ///< with a trouble
  std::map<std::string, Condition> others;  ///< well, when not named

  keep::CertificateView& add(const std::string& name, Time not_before, Time not_after) {
    keep::CertificateView view;
    view.name = name;
    view.live = keep::LiveView{1, "04ab", not_before, not_after};
    all.push_back(std::move(view));
    return all.back();
  }
  keep::CertificateView& fail(const std::string& name, const std::string& what, Time since, const std::string& why) {
    keep::CertificateView view;
    view.name = name;
    view.troubles.push_back(trouble(what, since, why));
    all.push_back(std::move(view));
    return all.back();
  }
  /// Its CA has revoked it, or somebody here has asked for that.
  keep::CertificateView& revoke(const std::string& name, Time since, bool by_ca) {
    auto& view = add(name, since - std::chrono::hours(24), since + std::chrono::hours(24 * 89));
    view.live->revoked = keep::RevokedView{since, "keyCompromise", by_ca};
    view.troubles.push_back(keep::view_of(revocation(since, by_ca)));
    return view;
  }
  static store::Revocation revocation(Time since, bool by_ca) {
    store::Revocation revocation;
    revocation.generation = 1;
    revocation.serial = "04ab";
    revocation.reason = "keyCompromise";
    revocation.by_ca = by_ca;
    revocation.asked = revocation.revoked.emplace(since);
    return revocation;
  }
  static keep::TroubleView trouble(const std::string& what, Time since, const std::string& why) {
    keep::TroubleView trouble;
    trouble.what = what;
    trouble.sentence = why;
    trouble.cause = "tsig:BADKEY";
    trouble.party = Party::dns_operator;
    trouble.since = since;
    trouble.failures = 3;
    trouble.next_try = since + std::chrono::hours(24);
    return trouble;
  }

  std::vector<keep::CertificateView> troubled() override { return all; }
  Condition condition(const std::string& certificate) override {
    for (const auto& each : all) {
      if (each.name == certificate) return Condition::troubled;
    }
    const auto known = others.find(certificate);
    return known == others.end() ? Condition::well : known->second;
  }
};

}  // namespace acmed::notify::test
