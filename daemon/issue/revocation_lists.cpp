// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/revocation_lists.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/foreign_text.h"
#include "base/runtime/in_context.h"
#include "base/runtime/offload.h"

namespace acmed::issue {
namespace {

constexpr std::size_t largest_list = std::size_t{32} * 1024 * 1024;
constexpr Duration fetch_limit = std::chrono::minutes(2);
constexpr std::size_t longest_url = 2048;
constexpr std::size_t longest_quote = 200;
/// A little less than the day after which a certificate is looked up again.
constexpr Duration list_lifetime = std::chrono::hours(23);
constexpr Duration failure_lifetime = std::chrono::hours(1);
/// Of all that is kept: half a million revoked certificates.
constexpr std::size_t most_octets = std::size_t{8} * 1024 * 1024;
constexpr std::size_t most_lists = 1000;

}  // namespace

RevocationLists::RevocationLists(Loop& loop) : loop_(loop), http_(loop, {.allow_plain_http = true}) {}

bool RevocationLists::is_fresh(const List& list) const {
  if (!list.list && !list.failure) return false;
  return loop_.clock().moment() - list.read_at < (list.list ? list_lifetime : failure_lifetime);
}

Task<RevocationLists::Found> RevocationLists::find(std::string url, crypto::Certificate certificate,
                                                   crypto::Certificate issuer) {
  if (url.size() > longest_url) throw Refused("http:url", "the URL of the CA's revocation list is too long");
  const auto key = url + "\n" + crypto::sha256(issuer.to_der());
  if (!is_fresh(lists_[key])) {
    const auto flight = lists_[key].request;
    co_await flight->join(request(key, std::move(url), std::move(issuer)));
  }
  const auto known = lists_.find(key);
  if (known == lists_.end() || !known->second.list) {
    if (known != lists_.end() && known->second.failure) std::rethrow_exception(known->second.failure);
    throw Retry("certificate:revocation-list", "the CA's revocation list was too large to be kept");
  }
  const auto list = known->second.list;
  const Found found{list->find(certificate), known->second.read};
  forget_some();
  co_return found;
}

Task<> RevocationLists::request(std::string key, std::string url, crypto::Certificate issuer) {
  const auto place = co_await places_.acquire();
  http::Request wanted;
  wanted.method = "GET";
  wanted.url = url;
  wanted.limit = fetch_limit;
  wanted.most_body = largest_list;
  std::exception_ptr failure;
  std::shared_ptr<const crypto::RevocationList> list;
  try {
    auto response = co_await in_context(Party::ca, {}, http_.send(std::move(wanted)));
    if (response.status != 200) {
      throw Error(Error::Advice::retry, fmt::format("http:{}", response.status),
                  fmt::format("the CA's revocation list {} is not to be had: status {}", one_line(url, longest_quote),
                              response.status),
                  std::nullopt, Party::ca);
    }
    list = co_await offload([body = std::move(response.body), issuer] {
      return std::make_shared<const crypto::RevocationList>(crypto::RevocationList::read(body, issuer));
    });
  } catch (const Error&) {
    failure = std::current_exception();
  }
  auto& kept = lists_[key];
  kept.read_at = loop_.clock().moment();
  kept.read = loop_.clock().now();
  kept.list = std::move(list);
  kept.failure = failure;
}

/// The oldest go first; those that somebody waits for stay.
void RevocationLists::forget_some() {
  const auto octets = [this] {
    std::size_t sum = 0;
    for (const auto& [key, each] : lists_) sum += each.list ? each.list->octets() : 0;
    return sum;
  };
  std::erase_if(lists_,
                [this](const auto& each) { return !is_fresh(each.second) && !each.second.request->is_under_way(); });
  while (lists_.size() > most_lists || octets() > most_octets) {
    auto oldest = lists_.end();
    for (auto each = lists_.begin(); each != lists_.end(); ++each) {
      if (each->second.request->is_under_way()) continue;
      if (oldest == lists_.end() || each->second.read_at < oldest->second.read_at) oldest = each;
    }
    if (oldest == lists_.end()) return;
    lists_.erase(oldest);
  }
}

}  // namespace acmed::issue
