// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "daemon/issue/certificate_log.h"
#include "daemon/issue/journey_context.h"
#include "daemon/issue/request.h"
#include "daemon/store/records.h"

namespace acmed::issue {

/// The data of the record "3 1 1" of a key, as TlsaValue::value.
std::string tlsa_of(const crypto::PrivateKey& key);
std::string tlsa_of(const crypto::Certificate& certificate);

/// The TLSA records of one certificate (RFC 6698) in the DNS: where they belong, and whether all name servers show
/// them. Others may have records at the same names: they stay.
class TlsaRecords {
 public:
  /// `context` must outlive it. `policies`: as Request::policies.
  TlsaRecords(JourneyContext& context, std::string certificate, std::shared_ptr<const Policies> policies);

  /// Whose zone holds `name`. Throws Refused ("dns:alias", "dns:no-provider", "dns:no-zone", "dns:zones-differ",
  /// "dane:provider") with what to mend, Retry.
  Task<store::TlsaValue> place(std::string name);

  /// Completes when every name server shows all `values`, which are on disk already. Returns them with the time from
  /// which on no resolver can have a copy without them, and with their TTL: `ttl`, unless others have longer-lived
  /// records there. Throws the provider's failure, Retry ("dns:propagation").
  Task<std::vector<store::TlsaValue>> publish(std::vector<store::TlsaValue> values, std::chrono::seconds ttl);

  /// Those of `values` that a name server says it does not have. One that says nothing of use is passed over. Throws
  /// Retry, Refused where the name's servers cannot be found.
  Task<std::vector<store::TlsaValue>> missing(std::vector<store::TlsaValue> values);

  /// Removes `values`; removing what is not there succeeds. Those of a provider that is configured no more, or that has
  /// lost the zone, are given up, with a warning. Throws the provider's failure.
  Task<> withdraw(std::vector<store::TlsaValue> values);

 private:
  dns::PropagationPolicy policy(const std::string& provider) const;
  Task<std::chrono::seconds> standing_ttl(dns::Name name, dns::Location location, std::chrono::seconds usual);

  JourneyContext& context_;
  std::string certificate_;
  std::shared_ptr<const Policies> policies_;
  CertificateLog log_;
};

}  // namespace acmed::issue
