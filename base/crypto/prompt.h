// SPDX-License-Identifier: Apache-2.0
// Private to base/crypto: what OpenSSL asks a person for, a PIN or a password, is answered by a secret.
#pragma once

#include <openssl/ui.h>

#include "base/secret.h"

namespace acmed::crypto {

/// The user data of answers().
struct Answer {
  const Secret& secret;
  bool was_asked = false;
};

/// Answers each question by the Answer that is given as user data. Without it OpenSSL would ask the terminal.
UI_METHOD* answers();

}  // namespace acmed::crypto
