// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/dane.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/crypto/held_key.h"
#include "base/crypto/x509.h"
#include "base/log.h"
#include "daemon/issue/tlsa_records.h"

namespace acmed::keep {
namespace {

using issue::tlsa_of;

constexpr Duration pause = std::chrono::hours(24);
/// Not all that a process keeps are looked at in the same second.
constexpr Duration looks_spread = std::chrono::hours(1);
/// Of persons, who may ask for several things in a row.
constexpr Duration shortest_pause = std::chrono::minutes(1);

bool has_next_key(const Kept& kept) {
  const auto& dane = kept.state.dane;
  return dane && dane->next_key && dane->next_key->key_type == crypto::to_text(kept.wanted.request.key_type);
}

const store::TlsaValue* find(const store::Dane& dane, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find_if(
      dane.values, [&](const store::TlsaValue& each) { return each.name == name && each.value == value; });
  return found == dane.values.end() ? nullptr : &*found;
}

}  // namespace

Time next_key_usable(const Kept& kept) {
  if (kept.wanted.dane.names.empty()) return Time::min();
  if (!has_next_key(kept)) return Time::max();
  const auto& dane = *kept.state.dane;
  Time usable = Time::min();
  for (const auto& name : kept.wanted.dane.names) {
    const auto* value = find(dane, name, dane.next_key->tlsa);
    if (value == nullptr || value->usable == Time{}) return Time::max();
    usable = std::max(usable, value->usable);
  }
  return usable;
}

/// Whether it is known which keys there are.
bool Dane::is_settled() const {
  const auto& state = kept_.state;
  const bool has_current = state.issued && !kept_.damaged;
  return has_next_key(kept_) && (!has_current || state.dane->generation == state.issued->generation);
}

bool Dane::is_needed(const store::TlsaValue& value) const {
  const auto& names = kept_.wanted.dane.names;
  if (std::ranges::find(names, value.name) == names.end()) return false;
  if (value.generation == 0) return kept_.state.dane->next_key && value.value == kept_.state.dane->next_key->tlsa;
  return kept_.state.issued && kept_.needed_generations().contains(value.generation);
}

bool Dane::is_known(const std::string& name, const std::string& value) const {
  return value.empty() || find(*kept_.state.dane, name, value) != nullptr;
}

/// When a value that is not needed is removed: at once where the configuration wants it no more.
Time Dane::removal(const store::TlsaValue& value) const {
  const auto& names = kept_.wanted.dane.names;
  if (std::ranges::find(names, value.name) == names.end() || value.superfluous == Time{}) return Time::min();
  return value.superfluous + value.ttl;
}

Time Dane::due() const {
  return std::min(change_due(), look_due());
}

Time Dane::look_due() const {
  const auto& dane = kept_.state.dane;
  if (kept_.wanted.dane.names.empty() || !dane || dane->values.empty()) return Time::max();
  const auto now = kept_.now();
  if (kept_.asked) return looked_ > now - shortest_pause && looked_ <= now ? Time::max() : Time::min();
  const auto share = std::hash<std::string>()(kept_.name()) % (looks_spread / std::chrono::seconds(1));
  const auto spread = std::chrono::seconds(1 + share);
  if (looked_ == Time{}) return kept_.context.ends_when_done ? Time::min() : kept_.context.began + spread;
  return looked_ > now ? now : looked_ + pause + spread;
}

/// When something is to be changed in the DNS, or is known not to be there.
Time Dane::change_due() const {
  const auto& dane = kept_.state.dane;
  const auto& names = kept_.wanted.dane.names;
  if (names.empty()) return dane ? Time::min() : Time::max();
  if (!is_settled()) return Time::min();
  for (const auto& name : names) {
    if (!is_known(name, dane->next_key->tlsa) || !is_known(name, dane->current)) return Time::min();
  }
  Time due = Time::max();
  for (const auto& value : dane->values) {
    if (!is_needed(value)) {
      due = std::min(due, removal(value));
    } else if (value.usable == Time{}) {
      return Time::min();
    }
  }
  return due;
}

std::string Dane::why_due() const {
  if (kept_.wanted.dane.names.empty()) return "the configuration wants no TLSA records any more";
  if (!is_settled()) return "there is a new key, or the next one is to be made";
  const auto is_left = [this](const store::TlsaValue& value) { return !is_needed(value); };
  const bool any_left = std::ranges::any_of(kept_.state.dane->values, is_left);
  if (change_due() > kept_.now()) return "somebody may have changed the TLSA records";
  return any_left ? "the TLSA record of a former key is to be removed" : "a TLSA record is not in the DNS yet";
}

std::string Dane::about() const {
  std::string text(crypto::to_text(kept_.wanted.request.key_type));
  for (const auto& name : kept_.wanted.dane.names) text += "\n" + name;
  return crypto::hex(crypto::sha256(text)).substr(0, 16);
}

Task<> Dane::perform() {
  if (!kept_.state.dane) kept_.state.dane = store::Dane();
  if (!kept_.wanted.dane.names.empty()) {
    if (look_due() <= kept_.now()) co_await look();
    co_await settle_keys();
    co_await place_missing();
    co_await publish_missing();
  }
  co_await remove_superfluous();
}

/// What cannot be found out is looked at again later, and stops nothing.
Task<> Dane::look() {
  looked_ = kept_.now();
  std::vector<store::TlsaValue> placed;
  for (const auto& value : kept_.state.dane->values) {
    if (is_needed(value) && value.usable != Time{}) placed.push_back(value);
  }
  if (placed.empty()) co_return;
  std::vector<store::TlsaValue> missing;
  try {
    issue::TlsaRecords records(kept_.context, kept_.name(), kept_.wanted.request.policies);
    missing = co_await records.missing(std::move(placed));
  } catch (const Error& error) {
    log::debug(fmt::format("{}: whether its TLSA records stand is not known: {}", kept_.name(), error.what()),
               {{"ACMED_CERTIFICATE", kept_.name()}});
  }
  for (const auto& gone : missing) {
    log::warning(fmt::format("{}: somebody else has removed the TLSA record {} at {}: it is put there again",
                             kept_.name(), gone.value, gone.name),
                 {{"ACMED_CERTIFICATE", kept_.name()}});
    for (auto& value : kept_.state.dane->values) {
      if (value.name == gone.name && value.value == gone.value) value.usable = Time{};
    }
  }
  if (!missing.empty()) co_await kept_.save();
}

/// The record of the key that has gone into service was the next one's until now.
Task<> Dane::settle_keys() {
  const auto& issued = kept_.state.issued;
  if (issued && !kept_.damaged && kept_.state.dane->generation != issued->generation) {
    const auto generation = co_await kept_.context.store.generation(kept_.name(), issued->generation);
    auto& dane = *kept_.state.dane;
    // One whose key stays in a token has no other form of it.
    dane.current = tlsa_of(crypto::parse_chain(generation.files.certificate).front());
    dane.generation = issued->generation;
    for (auto& value : dane.values) {
      if (value.value == dane.current) value.generation = dane.generation;
    }
  }
  if (!has_next_key(kept_)) co_await settle_next_key();
}

/// An order that is under way has its key already.
Task<> Dane::settle_next_key() {
  const auto type = kept_.wanted.request.key_type;
  const auto& order = kept_.state.order;
  const bool is_in_token = order && crypto::fault_of_held_uri(order->key_pem.reveal()).empty();
  const bool has_key = order && !is_in_token && order->key_type == crypto::to_text(type);
  store::NextKey next;
  next.key_type = crypto::to_text(type);
  if (has_key) {
    next.pem = order->key_pem;
    next.tlsa = tlsa_of(crypto::PrivateKey::from_pem(next.pem));
  } else {
    const auto key = co_await kept_.context.keys.generate(type);
    next.pem = key.to_pem();
    next.tlsa = tlsa_of(key);
  }
  kept_.state.dane->next_key = std::move(next);
  co_await kept_.save();
}

/// Finds out where those belong that are not known yet. They are on disk before they are written.
Task<> Dane::place_missing() {
  // Another provider may serve the name now.
  std::erase_if(kept_.state.dane->values, [this](const store::TlsaValue& value) {
    return value.usable == Time{} && kept_.context.zones.provider(value.provider) == nullptr;
  });
  issue::TlsaRecords records(kept_.context, kept_.name(), kept_.wanted.request.policies);
  bool any = false;
  for (const auto& name : kept_.wanted.dane.names) {
    auto& dane = *kept_.state.dane;
    std::vector<std::pair<std::string, unsigned>> missing;
    if (!is_known(name, dane.current)) missing.emplace_back(dane.current, dane.generation);
    if (!is_known(name, dane.next_key->tlsa)) missing.emplace_back(dane.next_key->tlsa, 0U);
    if (missing.empty()) continue;
    const auto place = co_await records.place(name);
    for (const auto& [text, generation] : missing) {
      auto value = place;
      value.value = text;
      value.generation = generation;
      dane.values.push_back(std::move(value));
      any = true;
    }
  }
  if (any) co_await kept_.save();
}

Task<> Dane::publish_missing() {
  std::vector<store::TlsaValue> missing;
  for (const auto& value : kept_.state.dane->values) {
    if (is_needed(value) && value.usable == Time{}) missing.push_back(value);
  }
  if (missing.empty()) co_return;
  issue::TlsaRecords records(kept_.context, kept_.name(), kept_.wanted.request.policies);
  const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(kept_.wanted.dane.ttl);
  const auto published = co_await records.publish(std::move(missing), ttl);
  looked_ = kept_.now();
  for (const auto& done : published) {
    for (auto& value : kept_.state.dane->values) {
      if (value.name != done.name || value.value != done.value) continue;
      value.usable = done.usable;
      value.ttl = done.ttl;
    }
  }
  co_await kept_.save();
}

Task<> Dane::remove_superfluous() {
  auto& values = kept_.state.dane->values;
  const auto now = kept_.now();
  bool any_noted = false;
  for (auto& value : values) {
    if (is_needed(value) || value.superfluous != Time{}) continue;
    value.superfluous = now;
    any_noted = true;
  }
  if (any_noted) co_await kept_.save();
  std::vector<store::TlsaValue> removed;
  for (const auto& value : values) {
    if (!is_needed(value) && removal(value) <= now) removed.push_back(value);
  }
  if (!removed.empty()) {
    issue::TlsaRecords records(kept_.context, kept_.name(), kept_.wanted.request.policies);
    co_await records.withdraw(removed);
  }
  std::erase_if(values, [&](const store::TlsaValue& value) { return !is_needed(value) && removal(value) <= now; });
  const bool is_over = kept_.wanted.dane.names.empty();
  if (is_over) kept_.state.dane.reset();
  if (is_over || !removed.empty()) co_await kept_.save();
}

}  // namespace acmed::keep
