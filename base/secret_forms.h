// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace acmed {

/// The texts in which programs and servers give a secret back: as it is, in base64 and base64url (at each of the three
/// places within a longer text, only the characters that the secret alone decides), in hexadecimal, percent-encoded,
/// and escaped as in JSON and XML. Each once, none shorter than six characters but the secret itself.
std::vector<std::string> usual_forms(std::string_view secret);

}  // namespace acmed
