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

/// How a chain fits what is preferred. A certificate of it may be meant, or its root: that decides where both are named
/// alike, as in a chain that ends at a cross-signed root and in one that ends at that root itself.
enum class Fit { none, within, top };

/// `preferred`: the common name of a certificate above the leaf or of the topmost one's issuer, or "sha256:" and the
/// fingerprint of a certificate that the CA sends, in lower-case hex.
Fit fit_of(const std::vector<crypto::Certificate>& chain, std::string_view preferred);

/// Whom a chain leads to, for people: "\"Inter\" from \"Root One\"".
std::string described(const std::vector<crypto::Certificate>& chain);

/// The URLs of the alternate chains that `response` offers.
std::vector<std::string> alternates(const http::Response& response);

}  // namespace acmed::acme
