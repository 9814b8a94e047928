// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/heedful_authority.h"

#include <fmt/format.h>

#include "base/log.h"

namespace acmed::keep {

Task<acme::Order> HeedfulAuthority::new_order(std::vector<std::string> names, std::string replaces,
                                              config::Profile profile) {
  return heeding(ca_.new_order(std::move(names), std::move(replaces), std::move(profile)));
}

Task<std::string> HeedfulAuthority::account_url() {
  return heeding(ca_.account_url());
}

Task<acme::Directory> HeedfulAuthority::directory() {
  return heeding(ca_.directory());
}

Task<std::optional<acme::RenewalInfo>> HeedfulAuthority::renewal_info(std::string certificate_id) {
  return heeding(ca_.renewal_info(std::move(certificate_id)));
}

Task<acme::Order> HeedfulAuthority::order(std::string url) {
  return heeding(ca_.order(std::move(url)));
}

Task<acme::Order> HeedfulAuthority::order_leaves_pending(std::string url, Duration limit) {
  return polling(ca_.order_leaves_pending(std::move(url), limit));
}

Task<acme::Order> HeedfulAuthority::order_ends(acme::Order order, Duration limit) {
  return polling(ca_.order_ends(std::move(order), limit));
}

Task<acme::Authorization> HeedfulAuthority::authorization(std::string url) {
  return heeding(ca_.authorization(std::move(url)));
}

Task<acme::Authorization> HeedfulAuthority::authorization_leaves_pending(std::string url, Duration limit) {
  return polling(ca_.authorization_leaves_pending(std::move(url), limit));
}

Task<> HeedfulAuthority::deactivate_authorization(std::string url) {
  return heeding(ca_.deactivate_authorization(std::move(url)));
}

Task<> HeedfulAuthority::respond(std::string challenge_url) {
  return heeding(ca_.respond(std::move(challenge_url)));
}

Task<acme::Order> HeedfulAuthority::finalize(acme::Order ready, std::string csr_der) {
  return heeding(ca_.finalize(std::move(ready), std::move(csr_der)));
}

Task<std::vector<crypto::Certificate>> HeedfulAuthority::certificate(std::string url, std::string preferred_chain) {
  return heeding(ca_.certificate(std::move(url), std::move(preferred_chain)));
}

template <class Result>
Task<Result> HeedfulAuthority::heeding(Task<Result> request) {
  require_open();
  auto asking = co_await ledger_.first_request(settings().directory_url).turn();
  require_open();
  std::exception_ptr failure;
  try {
    if constexpr (std::is_void_v<Result>) {
      co_await std::move(request);
      asking.answered();
      co_return;
    } else {
      auto result = co_await std::move(request);
      asking.answered();
      co_return result;
    }
  } catch (const Error& error) {
    failure = std::current_exception();
    if (!renew::Ledger::concerns_all(error)) {
      asking.answered();
      throw;
    }
  }
  co_await tell_ledger(failure);
  asking.failed(failure);
  std::rethrow_exception(failure);
}

/// A poll takes minutes: nobody waits for its end to learn whether the CA answers.
template <class Result>
Task<Result> HeedfulAuthority::polling(Task<Result> poll) {
  require_open();
  std::exception_ptr failure;
  try {
    co_return co_await std::move(poll);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  co_await tell_ledger(failure);
  std::rethrow_exception(failure);
}

void HeedfulAuthority::require_open() const {
  if (forced_) return;
  ledger_.require_open(settings().name, settings().directory_url, not_after_);
}

Task<> HeedfulAuthority::tell_ledger(std::exception_ptr failure) {
  try {
    co_await ledger_.learn(settings().directory_url, std::move(failure));
  } catch (const Error& unsaved) {
    log::error(fmt::format("the CA's pause cannot be kept over a restart: {}", unsaved.what()));
  }
}

}  // namespace acmed::keep
