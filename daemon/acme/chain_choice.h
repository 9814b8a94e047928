// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/x509.h"
#include "base/http/client.h"

/// Which of a certificate's chains to take (RFC 8555 §7.4.2).
namespace acmed::acme {

/// The certificates in `response`, in its order. Throws AnswerError when it holds no PEM, when a block is not a
/// certificate, and when there are more than any client takes.
std::vector<crypto::Certificate> read_chain(const std::string& doing, const std::string& url,
                                            const http::Response& response);

/// Whether the topmost certificate of `chain` was issued by the common name `issuer`.
bool is_preferred(const std::vector<crypto::Certificate>& chain, std::string_view issuer);

/// The URLs of the alternate chains that `response` offers.
std::vector<std::string> alternates(const http::Response& response);

}  // namespace acmed::acme
