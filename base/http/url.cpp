// SPDX-License-Identifier: Apache-2.0
#include "base/http/url.h"

#include <curl/curl.h>

#include <memory>
#include <new>

#include "base/ascii.h"

namespace acmed::http {
namespace {

struct CleanUpUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, CleanUpUrl>;

struct FreeText {
  void operator()(char* text) const noexcept { curl_free(text); }
};

/// Null when `text` is no URL.
Url parse(const std::string& text, unsigned flags = 0) {
  Url url(curl_url());
  if (!url) throw std::bad_alloc();
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), flags) != CURLUE_OK) return nullptr;
  return url;
}

std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, FreeText> owner(text);
  return text;
}

/// Whether it begins with "SCHEME:" (RFC 3986 §3.1).
bool has_scheme(const std::string& reference) {
  const auto end = reference.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
  return end != std::string::npos && end > 0 && reference[end] == ':';
}

}  // namespace

std::string host_of(const std::string& url) {
  const auto parsed = parse(url);
  if (!parsed) return "the server";
  const auto host = part_of(parsed, CURLUPART_HOST);
  const auto port = part_of(parsed, CURLUPART_PORT);
  return port.empty() ? host : host + ':' + port;
}

std::string server_of(const std::string& url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return {};
  const auto parsed = parse(url, CURLU_DISALLOW_USER);
  if (!parsed) return {};
  return ascii_lower(part_of(parsed, CURLUPART_HOST)) + ':' + part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

std::string resolved(const std::string& base, const std::string& reference) {
  // Byte for byte: an account's URL is compared with what we send (RFC 8555 §6.2).
  if (reference.empty() || has_scheme(reference)) return reference;
  const auto url = parse(base);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK) return reference;
  const auto absolute = part_of(url, CURLUPART_URL);
  return absolute.empty() ? reference : absolute;
}

}  // namespace acmed::http
