// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/crypto/key.h"

namespace acmed::crypto {

/// The variable of the environment that says how to get to the TPM; the provider reads it.
inline constexpr const char* tcti_variable = "TPM2OPENSSL_TCTI";

/// Whether `uri` names something in a TPM, rightly or not.
bool is_tpm_uri(std::string_view uri);

/// What is wrong with `uri` as the place of one private key in the TPM of this host, for a sentence; empty when nothing
/// is: "handle:0x81000001", a persistent handle (TPM 2.0 Library, Part 2, §7.4), or "file:/PATH" (RFC 8089), a file
/// with a TSS2 PRIVATE KEY, which only the TPM that made it can use. Nothing of a query is repeated.
std::string fault_of_tpm_uri(std::string_view uri);

/// Finds the key in the TPM, by OpenSSL's provider `tpm2`, and has it sign once, which shows whether it is usable and
/// the password right. The TPM is that of tcti_variable, else /dev/tpmrm0; it is open while one
/// of its keys is in use. Nobody is asked for anything. A password that the TPM has refused is not offered to the key
/// again by this process, since a TPM locks itself after some. Blocks: a TPM may need a second. Throws Refused:
/// "tpm:provider" when the provider cannot be loaded, "tpm:password", "tpm:key" when there is no such key or it cannot
/// be used; Retry: "tpm:absent" when there is no TPM now, "tpm:locked" after wrong passwords, "tpm:failed" for what
/// else the TPM says.
PrivateKey find_in_tpm(const std::string& uri, const Secret& password);

/// Whether the key is there, without its password, which is not offered. Throws as find_in_tpm() does, and Refused
/// ("tpm:access") when this user may not use the TPM. Blocks.
void look_for_in_tpm(const std::string& uri);

}  // namespace acmed::crypto
