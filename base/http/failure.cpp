// SPDX-License-Identifier: Apache-2.0
#include "base/http/failure.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/http/client.h"
#include "base/http/proxy.h"
#include "base/http/url.h"
#include "base/time.h"

namespace acmed::http {
namespace {

// CURLINFO_SSL_VERIFYRESULT, as X509_STORE_CTX_get_error(3) numbers it.
constexpr long not_yet_valid = 9;
constexpr long has_expired = 10;

/// "Connection refused", when the system said so.
std::string system_reason(CURL* easy) {
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  return number != 0 ? system_error_sentence("connect", static_cast<int>(number)).substr(sizeof("cannot connect: ") - 1)
                     : std::string();
}

/// What the proxy did to an exchange with `host`; empty when it failed elsewhere. curl's words about a proxy may hold
/// its password: they are not told.
std::string fault_of_proxy(CURL* easy, CURLcode code, const std::string& url, const std::string& words) {
  const auto host = host_of(url);
  const auto proxy = proxy_for(url);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
  if (status == 407) {
    return fmt::format(
        "the proxy {} asks for a user name and password that it accepts (status 407): set them in https_proxy", proxy);
  }
  if (status >= 300) {
    return fmt::format(
        "the proxy {} does not let us through to {} (status {}): look at the proxy's rules and its log, "
        "and at https_proxy and no_proxy",
        proxy, host, status);
  }
  if (proxy.empty()) return {};
  const auto colon = proxy.rfind(':');
  const auto names_proxy = fmt::format("connect to {} port {}", proxy.substr(0, colon), proxy.substr(colon + 1));
  if (code == CURLE_COULDNT_CONNECT && words.find(names_proxy) != words.npos) {
    const auto reason = system_reason(easy);
    return fmt::format("cannot connect to the proxy {}{}: look at whether it runs, and at https_proxy and no_proxy",
                       proxy, reason.empty() ? "" : " (" + reason + ")");
  }
  if (code == CURLE_PROXY || words.find("proxy") != words.npos || words.find("CONNECT") != words.npos) {
    return fmt::format("cannot reach {} through the proxy {} that the environment names: look at https_proxy", host,
                       proxy);
  }
  return {};
}

/// Where an exchange stood when its time was up.
std::string timed_out_at(CURL* easy, const std::string& host, Duration limit) {
  curl_off_t resolved = 0;
  curl_off_t connected = 0;
  curl_off_t sent = 0;
  curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
  // A connection that is used again takes no time to look up or to open: that the request went out tells more.
  if (sent == 0 && resolved == 0) {
    // Maybe it waited for the connection that another request was opening.
    return fmt::format(
        "no connection to {} came about in time: look at the name servers in /etc/resolv.conf, and at "
        "whether the server answers",
        host);
  }
  if (sent == 0 && connected == 0) {
    return fmt::format("{} did not answer the connection in time: look at the network, the firewall and the proxy",
                       host);
  }
  if (sent == 0) return fmt::format("{} did not end the TLS handshake in time", host);
  return fmt::format("{} did not answer completely within {}: the server or the network is slow", host, to_text(limit));
}

/// For a certificate that is not valid now, as far as this host knows; otherwise empty.
std::string fault_of_time(CURL* easy, const std::string& host) {
  long result = 0;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
  if (result != not_yet_valid && result != has_expired) return {};
  return fmt::format(
      "the certificate of {} {} by this host's clock, which says {}: set the clock; if it is right, the server needs "
      "another certificate",
      host, result == has_expired ? "has expired" : "is not valid yet", to_rfc3339(HostClock().now()));
}

}  // namespace

std::exception_ptr failure_of(CURL* easy, CURLcode code, const std::string& url, std::string words, Duration limit) {
  const auto host = host_of(url);
  const auto cause = fmt::format("curl:{}", static_cast<int>(code));
  if (words.empty()) words = curl_easy_strerror(code);
  const auto retry = [&cause](const std::string& sentence) { return std::make_exception_ptr(Retry(cause, sentence)); };
  if (const auto fault = fault_of_proxy(easy, code, url, words); !fault.empty()) return retry(fault);
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      if (const auto fault = fault_of_time(easy, host); !fault.empty()) {
        return std::make_exception_ptr(Refused("tls:certificate", fault));
      }
      return std::make_exception_ptr(Refused(
          "tls:certificate",
          fmt::format("the certificate of {} does not verify: {}. Set `trust` to its root when it is a private CA, and "
                      "look at this host's clock and at who answers at that address",
                      host, words)));
    case CURLE_UNSUPPORTED_PROTOCOL:
      // What does not begin as HTTP does, curl takes for HTTP/0.9.
      if (words.find("HTTP/0.9") != std::string::npos) {
        return retry(fmt::format("{} answers with something that is no HTTP: look at who listens there", host));
      }
      [[fallthrough]];
    case CURLE_URL_MALFORMAT:
      return std::make_exception_ptr(Refused(bad_url, fmt::format("\"{}\" cannot be asked: {}", url, words)));
    case CURLE_COULDNT_RESOLVE_HOST:
      return retry(
          fmt::format("cannot resolve the name of {}: look at its spelling and at the name servers in "
                      "/etc/resolv.conf",
                      host));
    case CURLE_COULDNT_CONNECT: {
      const auto reason = system_reason(easy);
      return retry(fmt::format("cannot connect to {}: {}. Look at the server, the network and the firewall", host,
                               reason.empty() ? words : reason));
    }
    case CURLE_OPERATION_TIMEDOUT:
      return retry(timed_out_at(easy, host, limit));
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
      return retry(
          fmt::format("the TLS handshake with {} failed: {}. Look at whether it serves TLS 1.2 or newer on "
                      "that port",
                      host, words));
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return retry(fmt::format("{} cut the connection before its answer was complete: {}", host, words));
    case CURLE_SEND_FAIL_REWIND:
      return retry(fmt::format("{} cut the connection without an answer", host));
    default:
      return retry(fmt::format("the exchange with {} failed: {}", host, words));
  }
}

}  // namespace acmed::http
