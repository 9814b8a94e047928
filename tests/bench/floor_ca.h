// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>
#include <openssl/evp.h>
#include <rapidjson/document.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace floor_bench {

/// Ends the program: a measuring device recovers from nothing.
[[noreturn]] void die(const std::string& sentence);
/// A variable of `lab env`.
std::string lab_variable(const char* name);

std::string base64url(const std::string& octets);
std::string sha256(const std::string& octets);

/// A P-256 account key and, once it is registered, the account's URL.
class Account {
 public:
  Account();                                  ///< a new key
  explicit Account(const std::string& file);  ///< as saved
  void save(const std::string& file) const;

  /// A JWS (RFC 7515) in ACME's form; signed with the key itself while there is no account URL (RFC 8555 §6.2).
  std::string sign(const std::string& url, const std::string& nonce, const std::string& payload) const;
  /// The TXT value that proves a token by dns-01 (§8.4).
  std::string proof(const std::string& token) const;

  std::string url;

 private:
  std::string jwk() const;
  std::shared_ptr<EVP_PKEY> key_;
};

/// The DER of a CSR for `names` with a new key.
std::string new_csr(const std::vector<std::string>& names);

/// One HTTPS connection to the CA with the nonce that came last on it.
class Lane {
 public:
  explicit Lane(const Account& account);

  void get(const std::string& url);
  void head(const std::string& url);
  /// Ends the program on any answer from 400 up.
  void post(const std::string& url, const std::string& payload);

  const std::string& body() const { return body_; }
  const std::string& location() const { return location_; }
  rapidjson::Document json() const;

  static std::atomic<int> requests;  ///< of all lanes

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* lane);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* lane);
  void perform(const std::string& url);

  const Account& account_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> post_headers_;
  std::string body_, location_, nonce_;
};

}  // namespace floor_bench
