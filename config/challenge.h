// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace acmed::config {

/// The challenges that a TXT record answers.
enum class ChallengeType : std::uint8_t {
  dns_01,          ///< RFC 8555 §8.4
  dns_account_01,  ///< draft-ietf-acme-dns-account-label: at a name of its own for each account
  dns_persist_01   ///< draft-ietf-acme-dns-persist: by a record that stays in the DNS
};

inline constexpr std::array all_challenge_types = {ChallengeType::dns_01, ChallengeType::dns_account_01,
                                                   ChallengeType::dns_persist_01};

/// Its name in the protocol and in the configuration: "dns-01".
std::string_view name_of(ChallengeType type) noexcept;

/// Some types in the order of preference. Small, since each certificate has one.
class Challenges {
 public:
  Challenges(std::initializer_list<ChallengeType> types) {
    for (const auto type : types) add(type);
  }
  /// At most one of each.
  void add(ChallengeType type) noexcept { types_[count_++] = type; }
  const ChallengeType* begin() const noexcept { return types_.data(); }
  const ChallengeType* end() const noexcept { return types_.data() + count_; }
  ChallengeType front() const noexcept { return types_.front(); }
  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  bool contains(ChallengeType type) const noexcept {
    for (const auto own : *this) {
      if (own == type) return true;
    }
    return false;
  }
  friend bool operator==(const Challenges&, const Challenges&) = default;

 private:
  std::array<ChallengeType, all_challenge_types.size()> types_{};
  std::uint8_t count_ = 0;
};

/// "dns-persist-01, dns-01"
std::string names_of(const Challenges& types);

/// The label of an account before `_acme-challenge`: "_ujmmovf2vn55tgye" (draft-ietf-acme-dns-account-label §3.2).
/// `account_url`: byte for byte as the CA gave it.
std::string account_label(std::string_view account_url);

/// The name below or at which a challenge for `domain`, with or without "*.", is answered, whatever the account:
/// `_acme-challenge.DOMAIN`, `_validation-persist.DOMAIN`.
std::string challenge_parent(ChallengeType type, std::string_view domain);

/// Where the TXT record belongs that answers a challenge for `domain`. The one place where that is said: --check, the
/// plan, the journey and what is told to an operator all have it from here. `account_url`: matters to dns-account-01
/// alone.
std::string challenge_name(ChallengeType type, std::string_view domain, std::string_view account_url);

}  // namespace acmed::config
