// SPDX-License-Identifier: Apache-2.0
#include "config/token_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/held_key.h"
#include "base/crypto/tpm.h"
#include "config/secrets.h"

namespace acmed::config {
namespace {

/// What OpenSSL's engine takes.
bool may_be_pin(const Secret& pin) {
  const auto size = pin.reveal().size();
  return size >= 4 && size <= 32;
}

/// TPM 2.0 Library, Part 1, §14.5.2: no longer than the largest digest.
bool may_be_password(const Secret& password) {
  return password.reveal().size() <= 64;
}

void require_right_secret(Reader& reader, const Text& uri, const std::optional<PlacedSecret>& pin) {
  if (crypto::is_tpm_uri(uri.value)) {
    if (pin && !may_be_password(pin->text())) {
      reader.fault(pin->place, "pin", "the password of a key in a TPM has at most 64 octets");
    }
    return;
  }
  if (reader.node("pin") == nullptr) {
    reader.fault(uri.place, "key", "the PIN of its token is missing; add pin = { file = \"PATH\" }");
  }
  if (pin && !may_be_pin(pin->text())) reader.fault(pin->place, "pin", "a PIN has 4 to 32 characters");
}

}  // namespace

Rare<crypto::TokenKey> read_place_of_key(Reader& reader) {
  const auto uri = reader.text("key");
  reader.node("pin");
  if (!uri) return std::nullopt;
  return crypto::TokenKey{uri->value, {}};
}

Rare<crypto::TokenKey> read_token_key(Reader& reader, const std::optional<KeyTypes>& types) {
  const auto uri = reader.text("key");
  const auto pin = read_secret(reader, "pin");
  if (!uri) {
    if (reader.node("pin") != nullptr && reader.node("key") == nullptr) {
      reader.fault(reader.node("pin")->place, "pin", "there is no token or TPM that it is for; name its key in `key`");
    }
    return std::nullopt;
  }
  const auto fault = crypto::fault_of_held_uri(uri->value);
  if (!fault.empty()) reader.fault(uri->place, "key", fault);
  if (fault.empty()) require_right_secret(reader, *uri, pin);
  if (types && types->size() > 1) {
    reader.fault(reader.node("key_type")->place, "key_type",
                 "it is a list, but the key that `key` names has one type; leave key_type out");
  }
  crypto::TokenKey key{uri->value, pin ? pin->source : SecretSource()};
  if (types && types->size() == 1) key.type = types->front();
  return key;
}

void require_same_module(Reader& reader, const crypto::TokenKey& key, std::optional<std::string>& module) {
  if (crypto::is_tpm_uri(key.uri) || !crypto::fault_of_token_uri(key.uri).empty()) return;
  const auto own = crypto::parse_token_uri(key.uri).module;
  if (module && *module != own) {
    reader.fault(reader.node("key")->place, "key",
                 "names another PKCS #11 module than a certificate before it; give all the same module-path, or none "
                 "and let p11-kit name the modules");
  }
  module = own;
}

void refuse_key_files(Reader& reader, const crypto::TokenKey& key, const std::vector<PlacedTarget>& targets,
                      const Dane& dane) {
  const auto* place = crypto::is_tpm_uri(key.uri) ? "TPM" : "token";
  for (const auto& placed : targets) {
    const auto& files = placed.target.files;
    const auto found = std::ranges::find_if(files, [](const auto& file) { return holds_key(file.first); });
    if (found == files.end()) continue;
    reader.faults().add(placed.place, reader.name_of("deploy.files"),
                        fmt::format("{0} would hold the private key, which stays in its {1}; let the target write "
                                    "files = {{ fullchain = \"fullchain.pem\" }}, and name the key of the {1} in the "
                                    "service's own configuration; a service that needs the file cannot use it",
                                    in_quotes(found->second), place));
  }
  if (!dane.names.empty()) {
    reader.fault(
        reader.node("dane")->place, "dane",
        fmt::format("TLSA records need a next key that is known ahead, and the key in a {} has none; leave out "
                    "`dane` or `key`",
                    place));
  }
}

}  // namespace acmed::config
