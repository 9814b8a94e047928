// SPDX-License-Identifier: Apache-2.0
#include "config/providers/tsig.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/encoding.h"
#include "config/names.h"
#include "config/providers/key_file.h"
#include "config/secrets.h"
#include "config/suggest.h"

namespace acmed::config {
namespace {

/// A shorter key could be guessed (RFC 2104 §3 advises the length of the digest; older keys have 128 bits).
constexpr std::size_t shortest_key = 16;

const std::vector<std::pair<std::string, crypto::Digest>>& algorithms() {
  static const std::vector<std::pair<std::string, crypto::Digest>> list = {{"hmac-sha1", crypto::Digest::sha1},
                                                                           {"hmac-sha224", crypto::Digest::sha224},
                                                                           {"hmac-sha256", crypto::Digest::sha256},
                                                                           {"hmac-sha384", crypto::Digest::sha384},
                                                                           {"hmac-sha512", crypto::Digest::sha512}};
  return list;
}

/// As people write it: a domain name (RFC 8945 §6), so in any case and with or without a final dot; with '_' or nothing
/// for '-'; or the digest alone.
Checked<crypto::Digest> algorithm_from(std::string_view text) {
  std::string wanted;
  for (const char c : text.substr(0, text.ends_with('.') ? text.size() - 1 : text.size())) {
    if (c != '-' && c != '_') wanted += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (!wanted.starts_with("hmac")) wanted.insert(0, "hmac");
  std::vector<std::string> known;
  for (const auto& [name, digest] : algorithms()) {
    auto bare = name;
    std::erase(bare, '-');
    if (bare == wanted) return {digest, {}};
    known.push_back(name);
  }
  const std::string given(text);
  if (wanted == "hmacmd5" || wanted == "hmacmd5.sigalg.reg.int") {
    return {
        {},
        in_quotes(given) + " must not be used any more (RFC 8945 §6): make a new key with tsig-keygen -a hmac-sha256"};
  }
  return {{}, in_quotes(given) + " is not one of " + listed(known) + did_you_mean(given, known)};
}

Checked<Secret> key_from_base64(const Secret& text) {
  if (text.reveal().find_first_of("-_") != std::string::npos) {
    return {{}, "the key is in base64url; a TSIG key is standard base64, with + and /"};
  }
  auto octets = crypto::from_base64(text.reveal());
  if (!octets) return {{}, "the key is not base64"};
  if (octets->size() < shortest_key) {
    return {{},
            fmt::format("the key has {} octets, at least {} are wanted; make one with tsig-keygen", octets->size(),
                        shortest_key)};
  }
  return {Secret(*std::move(octets)), {}};
}

/// A key in base64 alone has neither name nor algorithm.
Checked<KeyBlock> key_in(const Secret& text) {
  if (is_key_block(text.reveal())) return read_key_block(text.reveal());
  return {KeyBlock{{}, {}, text}, {}};
}

/// The key's octets. The name and the algorithm are part of the configuration: a file in which they have changed since
/// it was read takes a reload.
Checked<Secret> octets_in(const Secret& text, const KeyBlock& as_read) {
  const auto key = key_in(text);
  if (!key.good()) return {{}, key.fault};
  if (key.value.name != as_read.name || key.value.algorithm != as_read.algorithm) {
    return {{}, "the key file names another key or algorithm than before; reload acmed to use it"};
  }
  return key_from_base64(key.value.secret);
}

}  // namespace

std::optional<Tsig> read_tsig(Reader& provider) {
  auto found_table = provider.secret_table("tsig");
  if (!found_table) return std::nullopt;
  auto& reader = *found_table;
  const auto name = reader.text("name");
  const bool has_algorithm = reader.node("algorithm") != nullptr;
  std::optional<crypto::Digest> algorithm;
  if (const auto given = reader.text("algorithm")) {
    const auto read = algorithm_from(given->value);
    if (read.good()) algorithm = read.value;
    if (!read.good()) reader.fault(given->place, "algorithm", read.fault);
  }
  const bool has_secret = reader.node("secret") != nullptr;
  const auto secret = read_secret(reader, "secret", SecretForm::text);
  reader.end();
  if (!has_secret) reader.fault("secret", "is missing: the key in base64, or { file = } with what tsig-keygen wrote");
  if (!secret) return std::nullopt;

  Tsig key;
  Checked<KeyBlock> block;
  block = key_in(secret->text());
  if (!block.good()) {
    reader.fault(secret->place, "secret", block.fault);
    return std::nullopt;
  }
  if (block.value.name.empty()) {
    if (!name) reader.fault("name", "is missing: the name that the key has at the server");
  }

  const auto checked_name = [&](const std::string& text, const Place& place) {
    auto checked = zone_name(text);
    if (!checked.good()) {
      reader.fault(place, "name",
                   may_be_secret(text) ? "this is no name; it looks like the key itself" : checked.fault);
    }
    return checked.value;
  };
  if (name) key.name = checked_name(name->value, name->place);
  if (!block.value.name.empty()) {
    const auto name_in_file = checked_name(block.value.name, secret->place);
    if (name && name_in_file != key.name) {
      reader.fault(name->place, "name",
                   fmt::format("{} was found, but the key file names the key {}; leave it out here",
                               in_quotes(name->value), in_quotes(block.value.name)));
    }
    key.name = name_in_file;
  }

  if (algorithm) key.algorithm = *algorithm;
  if (!block.value.algorithm.empty()) {
    const auto in_file = algorithm_from(block.value.algorithm);
    if (!in_file.good()) {
      reader.fault(secret->place, "secret", "in the key file, the algorithm " + in_file.fault);
    } else if (algorithm && *algorithm != in_file.value) {
      reader.fault("algorithm", fmt::format("the key file has {}; leave it out here", block.value.algorithm));
    }
    if (in_file.good()) key.algorithm = in_file.value;
  }

  key.secret = checked_secret(reader, "secret", *secret,
                              [as_read = block.value](const Secret& text) { return octets_in(text, as_read); });
  if (has_algorithm && !algorithm) return std::nullopt;
  return key;
}

}  // namespace acmed::config
