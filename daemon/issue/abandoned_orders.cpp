// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/abandoned_orders.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace acmed::issue {
namespace {

constexpr std::size_t most_orders = 100;
/// Of those that are pending: after that one an older order is over, or known to no CA.
constexpr std::size_t most_opened = 1000;

}  // namespace

void AbandonedOrders::opened(const std::string& order_url, std::vector<std::string> authorizations) {
  std::erase_if(opened_, [&order_url](const Opened& each) { return each.url == order_url; });
  if (opened_.size() == most_opened) opened_.pop_front();
  opened_.push_back({order_url, std::move(authorizations)});
}

bool AbandonedOrders::is_used(const std::string& authorization_url) const {
  return std::ranges::any_of(opened_, [&authorization_url](const Opened& each) {
    return std::ranges::find(each.authorizations, authorization_url) != each.authorizations.end();
  });
}

void AbandonedOrders::add(const store::OpenOrder& order) {
  add(Abandoned{order.account, order.url});
}

void AbandonedOrders::add(const std::string& certificate, const store::StarOrder& star) {
  add(Abandoned{star.order.account, star.order.url, certificate, star.end});
}

void AbandonedOrders::add(Abandoned abandoned) {
  if (abandoned.url.empty()) return;
  std::erase_if(opened_, [&abandoned](const Opened& each) { return each.url == abandoned.url; });
  if (orders_.size() == most_orders) orders_.pop_front();
  orders_.push_back(std::move(abandoned));
  added_.wake_all();
}

Task<> AbandonedOrders::any_added() {
  while (orders_.empty()) co_await added_.turn();
}

Task<> AbandonedOrders::close() {
  for (auto left = orders_.size(); left > 0 && !orders_.empty(); --left) {
    auto each = std::move(orders_.front());
    orders_.pop_front();
    auto* ca = find_(each.account);
    if (ca != nullptr && !co_await close_one(ca, each)) orders_.push_back(std::move(each));
  }
}

/// False when a journey is under way there. That is looked at before each request that changes something.
Task<bool> AbandonedOrders::close_one(Authority* ca, Abandoned abandoned) {
  if (!ca->under_way().is_idle()) co_return false;
  const auto& name = ca->settings().name;
  try {
    if (abandoned.certificate.empty()) co_return co_await deactivate(ca, abandoned.url);
    co_await ca->cancel_renewal(abandoned.url);
    log::info(fmt::format("{}: CA {} renews the certificate of the former order no more", abandoned.certificate, name));
  } catch (const Error& error) {
    if (abandoned.certificate.empty()) {
      log::debug(fmt::format("CA {}: the authorizations of an order that was given up are left to expire: {}", name,
                             error.what()));
    } else {
      log::warning(
          fmt::format("{}: CA {} may renew the certificate of the former order until {}, since it was not "
                      "canceled ({}): ask who delegates the names to cancel it",
                      abandoned.certificate, name, to_rfc3339(abandoned.end), error.what()));
    }
  }
  co_return true;
}

Task<bool> AbandonedOrders::deactivate(Authority* ca, std::string url) {
  const auto order = co_await ca->order(std::move(url));
  if (order.status != acme::OrderStatus::pending) co_return true;
  std::size_t closed = 0;
  for (const auto& authorization_url : order.authorizations) {
    if (is_used(authorization_url)) continue;
    const auto authorization = co_await ca->authorization(authorization_url);
    if (authorization.status != acme::AuthorizationStatus::pending) continue;
    if (!ca->under_way().is_idle()) co_return false;
    co_await ca->deactivate_authorization(authorization_url);
    ++closed;
  }
  log::debug(fmt::format("CA {}: {} pending authorization(s) of an order that was given up are deactivated",
                         ca->settings().name, closed));
  co_return true;
}

}  // namespace acmed::issue
