// SPDX-License-Identifier: Apache-2.0
#include "base/http/exchange.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "base/error.h"
#include "base/http/failure.h"
#include "base/http/url.h"
#include "base/secret.h"

namespace acmed::http {
namespace {

constexpr std::size_t most_headers = 256;
constexpr std::size_t most_header_bytes = std::size_t{64} * 1024;
constexpr std::array<std::string_view, 6> methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

/// For options whose refusal would be a defect of ours: too old a libcurl.
template <class T>
void set(CURL* easy, CURLoption option, T value) {
  const auto code = curl_easy_setopt(easy, option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) {
    throw Refused("curl:option",
                  fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl_easy_strerror(code)));
  }
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

bool is_content_type(const std::pair<std::string, std::string>& header) {
  return curl_strequal(header.first.c_str(), "content-type") != 0;
}

}  // namespace

void FreeHeaders::operator()(curl_slist* list) const noexcept {
  for (auto* line = list; line != nullptr; line = line->next) explicit_bzero(line->data, std::strlen(line->data));
  curl_slist_free_all(list);
}

Exchange::~Exchange() {
  for (auto& [name, value] : request_.headers) const Secret wiped(std::move(value));
}

void Exchange::set_up(CURL* easy, const Settings& settings, crypto::Allowance& allowance) {
  allowance_ = &allowance;
  const auto& url = request_.url;
  const bool https = url.rfind("https://", 0) == 0;
  const bool http = settings.allow_plain_http && url.rfind("http://", 0) == 0;
  if (!https && !http) {
    throw Refused(bad_url, fmt::format("\"{}\" cannot be asked: the URL must begin with https://", url));
  }
  const auto& method = request_.method;
  if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
    throw Refused("http:method", fmt::format("\"{}\" is no method that can be sent", method));
  }

  set(easy, CURLOPT_URL, url.c_str());
  if (method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (method != "GET") {
    set(easy, CURLOPT_POST, 1L);
    if (request_.at_most_once) {
      // Without a way to rewind the body curl cannot send it twice.
      set(easy, CURLOPT_READFUNCTION, on_body_needed);
      set(easy, CURLOPT_READDATA, static_cast<void*>(this));
    } else {
      set(easy, CURLOPT_POSTFIELDS, request_.body.data());
    }
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    if (method != "POST") set(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  set_headers(easy);
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(request_.limit).count();
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<decltype(limit)>(limit, 1)));  // 0 would mean none
  set(easy, CURLOPT_ERRORBUFFER, words_.data());
  set(easy, CURLOPT_HEADERFUNCTION, on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_WRITEFUNCTION, on_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void Exchange::set_headers(CURL* easy) {
  for (const auto& [name, value] : request_.headers) {
    if (has_control(name) || has_control(value)) {
      // The value may be a token: it is not shown.
      throw Refused("http:header", fmt::format("the header {} for {} holds a line break or another control character",
                                               name, host_of(request_.url)));
    }
    const Secret line(value.empty() ? name + ';' : fmt::format("{}: {}", name, value));
    append(headers_, line.reveal());
  }
  // curl would ask before it sends a large body, and call every body a form.
  append(headers_, "Expect:");
  if (std::none_of(request_.headers.begin(), request_.headers.end(), is_content_type))
    append(headers_, "Content-Type:");
  set(easy, CURLOPT_HTTPHEADER, headers_.get());
}

std::size_t Exchange::on_header(char* line, std::size_t size, std::size_t count, void* exchange) noexcept {
  auto& self = *static_cast<Exchange*>(exchange);
  self.take_header_line({line, size * count});
  return self.too_large_ == nullptr ? size * count : 0;
}

void Exchange::take_header_line(std::string_view line) {
  header_bytes_ += line.size();
  allowance_->received = 0;
  if (header_bytes_ > most_header_bytes || response_.headers.size() >= most_headers) {
    too_large_ = "sends more headers than a sane answer has (64 KiB, 256 lines)";
    return;
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
  if (line.rfind("HTTP/", 0) == 0) {
    const auto blank = line.find(' ');
    is_success_ = blank != line.npos && line.substr(blank + 1, 1) == "2";
    response_.headers.clear();  // those of an interim answer (1xx) are not the answer's
    return;
  }
  const auto colon = line.find(':');
  if (colon == line.npos) return;
  std::string name(line.substr(0, colon));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  line.remove_prefix(colon + 1);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  response_.headers.emplace_back(std::move(name), line);
}

std::size_t Exchange::on_body_needed(char* to, std::size_t size, std::size_t count, void* exchange) noexcept {
  auto& self = *static_cast<Exchange*>(exchange);
  const auto taken = self.request_.body.copy(to, size * count, self.body_sent_);
  self.body_sent_ += taken;
  return taken;
}

std::size_t Exchange::on_body(char* bytes, std::size_t size, std::size_t count, void* exchange) noexcept {
  auto& self = *static_cast<Exchange*>(exchange);
  if (self.is_success_ && self.request_.on_part) {
    self.request_.on_part({bytes, size * count});
    self.allowance_->received = 0;
    return size * count;
  }
  if (self.response_.body.size() + size * count > self.request_.most_body) {
    self.too_large_ =
        self.request_.most_body == usual_body ? "sends an answer of more than 1 MiB" : "sends too long an answer";
    return 0;
  }
  self.response_.body.append(bytes, size * count);
  self.allowance_->received = 0;
  return size * count;
}

void Exchange::finish(CURL* easy, CURLcode code, bool flooded) {
  if (code != CURLE_OK && flooded) too_large_ = "sends more than 4 MiB without an answer";
  if (too_large_ != nullptr) {
    failure_ = std::make_exception_ptr(Retry(
        too_large, fmt::format("{} {}: look at whether the URL is the right one", host_of(request_.url), too_large_)));
  } else if (code != CURLE_OK) {
    failure_ = failure_of(easy, code, request_.url, words_.data(), request_.limit);
  }
  long status = 0;
  curl_off_t microseconds = 0;
  curl_off_t until_request = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &microseconds);
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &until_request);
  response_.url = request_.url;
  response_.status = static_cast<int>(status);
  response_.elapsed = std::chrono::microseconds(microseconds - until_request);
}

Response Exchange::take() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return std::move(response_);
}

}  // namespace acmed::http
