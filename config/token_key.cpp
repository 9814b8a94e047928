// SPDX-License-Identifier: Apache-2.0
#include "config/token_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/secrets.h"

namespace acmed::config {
namespace {

/// What OpenSSL's engine takes.
bool may_be_pin(const Secret& pin) {
  const auto size = pin.reveal().size();
  return size >= 4 && size <= 32;
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
      reader.fault(reader.node("pin")->place, "pin", "there is no token that it is for; name its key in `key`");
    }
    return std::nullopt;
  }
  const auto fault = crypto::fault_of_token_uri(uri->value);
  if (!fault.empty()) reader.fault(uri->place, "key", fault);
  if (reader.node("pin") == nullptr && fault.empty()) {
    reader.fault(uri->place, "key", "the PIN of its token is missing; add pin = { file = \"PATH\" }");
  }
  if (pin && !may_be_pin(pin->text())) {
    reader.fault(pin->place, "pin", "a PIN has 4 to 32 characters");
  }
  if (types && types->size() > 1) {
    reader.fault(reader.node("key_type")->place, "key_type",
                 "it is a list, but the key in the token that `key` names has one type; leave key_type out");
  }
  crypto::TokenKey key{uri->value, pin ? pin->source : SecretSource()};
  if (types && types->size() == 1) key.type = types->front();
  return key;
}

void require_same_module(Reader& reader, const crypto::TokenKey& key, std::optional<std::string>& module) {
  if (!crypto::fault_of_token_uri(key.uri).empty()) return;
  const auto own = crypto::parse_token_uri(key.uri).module;
  if (module && *module != own) {
    reader.fault(reader.node("key")->place, "key",
                 "names another PKCS #11 module than a certificate before it; give all the same module-path, or none "
                 "and let p11-kit name the modules");
  }
  module = own;
}

void refuse_key_files(Reader& reader, const std::vector<PlacedTarget>& targets, const Dane& dane) {
  for (const auto& placed : targets) {
    const auto& files = placed.target.files;
    const auto found = std::ranges::find_if(files, [](const auto& file) { return holds_key(file.first); });
    if (found == files.end()) continue;
    reader.faults().add(placed.place, reader.name_of("deploy.files"),
                        fmt::format("{} would hold the private key, which stays in its token; let the target write "
                                    "files = {{ fullchain = \"fullchain.pem\" }}, and name the key of the token in the "
                                    "service's own configuration",
                                    in_quotes(found->second)));
  }
  if (!dane.names.empty()) {
    reader.fault(reader.node("dane")->place, "dane",
                 "TLSA records need a next key that is known ahead, and the key in a token has none; leave out `dane` "
                 "or `key`");
  }
}

}  // namespace acmed::config
