// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/openssl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace acmed::crypto {

std::string take_openssl_error() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

bool Complaint::has(std::string_view words) const {
  return std::ranges::any_of(reasons, [&](const std::string& each) { return each.find(words) != each.npos; });
}

Complaint take_complaint() {
  Complaint complaint;
  const char* detail = nullptr;
  int flags = 0;
  while (const auto code = ERR_get_error_all(nullptr, nullptr, nullptr, &detail, &flags)) {
    const char* reason = ERR_reason_error_string(code);
    const std::string more = (flags & ERR_TXT_STRING) != 0 && detail != nullptr ? detail : "";
    // The words of a provider that could not be loaded are gone with it.
    const std::string word = reason != nullptr ? reason : more.empty() ? fmt::format("error {:x}", code) : more;
    if (complaint.text.empty()) {
      complaint.text = reason == nullptr || more.empty() ? word : fmt::format("{}: {}", word, more);
    }
    if (!more.empty()) complaint.details += more + "\n";
    complaint.reasons.insert(word);
  }
  if (complaint.text.empty()) complaint.text = "no reason given";
  return complaint;
}

void fail(const std::string& doing) {
  throw Retry("crypto", "cannot " + doing + ": " + take_openssl_error());
}

int curve_of(const EVP_PKEY* key) {
  std::array<char, 80> group{};
  const bool is_named =
      EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1;
  return is_named ? OBJ_txt2nid(group.data()) : NID_undef;
}

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

std::string_view written(BIO* bio) {
  char* start = nullptr;
  const auto size = BIO_get_mem_data(bio, &start);
  return {start, static_cast<std::size_t>(size)};
}

}  // namespace acmed::crypto
