// SPDX-License-Identifier: Apache-2.0
#include "config/key_types.h"

#include <fmt/format.h>

#include <algorithm>

namespace acmed::config {
namespace {

const std::vector<std::pair<std::string, crypto::KeyType>>& known_types() {
  using crypto::KeyType;
  static const std::vector<std::pair<std::string, KeyType>> types = {
      {"ecdsa-p256", KeyType::ecdsa_p256}, {"ecdsa-p384", KeyType::ecdsa_p384}, {"ecdsa-p521", KeyType::ecdsa_p521},
      {"rsa-2048", KeyType::rsa_2048},     {"rsa-3072", KeyType::rsa_3072},     {"rsa-4096", KeyType::rsa_4096},
      {"ed25519", KeyType::ed25519}};
  return types;
}

std::string_view family(crypto::KeyType type) {
  const auto text = crypto::to_text(type);
  return text.substr(0, text.find('-'));
}

std::string allowed_words() {
  std::vector<std::string> words;
  for (const auto& [word, type] : known_types()) words.push_back(word);
  return listed(words);
}

KeyTypes read_list(Reader& reader, const Place& place) {
  KeyTypes types;
  const auto given = reader.texts("key_type");
  if (!given) return types;
  for (const auto& text : *given) {
    const auto type = crypto::key_type_from(text.value);
    if (!type) {
      reader.fault(text.place, "key_type", in_quotes(text.value) + " is not one of " + allowed_words());
    } else if (std::ranges::find(types, *type) != types.end()) {
      reader.fault(text.place, "key_type", in_quotes(text.value) + " is in the list twice");
    } else {
      types.push_back(*type);
    }
  }
  if (given->empty()) reader.fault(place, "key_type", "the list is empty; name one type at least");
  return types;
}

}  // namespace

std::optional<KeyTypes> read_key_types(Reader& reader) {
  const auto* node = reader.node("key_type");
  if (node != nullptr && node->as<List>() != nullptr) {
    auto types = read_list(reader, node->place);
    return types.empty() ? std::nullopt : std::optional(std::move(types));
  }
  const auto type = reader.choice("key_type", known_types());
  return type ? std::optional(KeyTypes{*type}) : std::nullopt;
}

std::string short_name(crypto::KeyType type, const KeyTypes& all) {
  const auto is_kin = [type](crypto::KeyType other) { return family(other) == family(type); };
  return std::string(std::ranges::count_if(all, is_kin) > 1 ? crypto::to_text(type) : family(type));
}

std::string name_for(const std::string& name, std::size_t place, const KeyTypes& all) {
  return place == 0 || name.empty() ? name : fmt::format("{}.{}", name, short_name(all[place], all));
}

}  // namespace acmed::config
