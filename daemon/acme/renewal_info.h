// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/http/client.h"
#include "base/time.h"

namespace acmed::acme {

/// When a CA suggests to renew a certificate (RFC 9773 §4.2).
struct RenewalInfo {
  Time start;                   ///< of the suggested window
  Time end;                     ///< of the suggested window, after its start
  std::string explanation_url;  ///< where people read why, on one line; empty for none
  Time ask_again;               ///< when to ask next: a minute to a day from now (§4.3)

  /// Throws AnswerError when the response has no window or one that ends before it starts.
  static RenewalInfo from_response(const std::string& doing, const http::Response& response, Time now);
};

/// Where to ask about the certificate with this CertID (§4.1); `renewal_info`: the directory's URL.
std::string renewal_info_url(const std::string& renewal_info, const std::string& certificate_id);

}  // namespace acmed::acme
