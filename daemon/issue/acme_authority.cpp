// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/acme_authority.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/foreign_text.h"
#include "base/log.h"
#include "base/runtime/scope.h"
#include "daemon/acme/causes.h"

namespace acmed::issue {
namespace {

constexpr Duration longest_proof = std::chrono::minutes(10);
constexpr std::size_t longest_profile = 100;
constexpr std::size_t longest_delegation = 200;
constexpr std::size_t longest_list = 1000;
// What is asked of a CA that renews by itself: certificates for the web should not live longer (RFC 8739 §4.1), and a
// key should not be used for ever.
constexpr std::chrono::seconds usual_lifetime = std::chrono::hours(24 * 4);
constexpr std::chrono::seconds usual_duration = std::chrono::hours(24 * 90);

/// Whether the same order without `replaces` may be taken: the CA knows no such certificate, or another order has
/// replaced it already (RFC 9773 §5).
bool may_be_about_replaces(const acme::Problem& problem) {
  return problem.type == acme::problem_type::already_replaced || problem.type == acme::problem_type::malformed ||
         problem.type == acme::problem_type::unauthorized || problem.type == acme::problem_type::server_internal ||
         problem.status == 404 || problem.status == 409;
}

/// What can be done about names that a CA does not take; empty where the problem is another one.
std::string remedy_for_names(const acme::Problem& problem, std::size_t names) {
  const bool is_refused = problem.type == acme::problem_type::rejected_identifier ||
                          problem.type == acme::problem_type::unsupported_identifier;
  if (is_refused) return "take the names that it refuses out of `domains`, or set `ca` to one that takes them";
  const bool is_of_number =
      problem.type == acme::problem_type::malformed && names > 1 &&
      (problem.detail.find("more than") != std::string::npos || problem.detail.find("too many") != std::string::npos);
  if (!is_of_number) return {};
  return fmt::format("the certificate has {} names: make several certificates of it, or choose another profile", names);
}

}  // namespace

AcmeAuthority::AcmeAuthority(Loop& loop, store::Store& store, AuthoritySettings settings, crypto::Keys& keys,
                             Observer& observer)
    : Authority(std::move(settings)), loop_(loop), account_(loop, store, keys, this->settings(), observer) {}

Task<acme::Order> AcmeAuthority::new_order(std::vector<std::string> names, std::string replaces,
                                           config::Profile profile) {
  try {
    co_return co_await request_order(names, std::move(replaces), std::move(profile));
  } catch (const acme::ProblemError& error) {
    const auto remedy = remedy_for_names(error.problem(), names.size());
    if (remedy.empty()) throw;
    throw error.remarked(remedy);
  }
}

Task<acme::Order> AcmeAuthority::request_order(std::vector<std::string> names, std::string replaces,
                                               config::Profile profile) {
  const auto wanted = co_await offered(std::move(profile));
  if (!replaces.empty() && co_await takes_replacements()) {
    try {
      co_return co_await with_account(
          [names, wanted, replaces](acme::Client& ca) { return ca.new_order(names, wanted, replaces); });
    } catch (const acme::ProblemError& error) {
      if (!may_be_about_replaces(error.problem())) throw;
      log::info(fmt::format("ordered as a new certificate, not as one that replaces another: {}", error.what()),
                {{"ACMED_CA", settings().name}});
    }
  }
  co_return co_await with_account([names, wanted](acme::Client& ca) { return ca.new_order(names, wanted); });
}

Task<bool> AcmeAuthority::takes_replacements() {
  const auto ca = co_await account_.client();
  const auto directory = co_await ca->directory();
  co_return !directory.renewal_info.empty();
}

/// The stored copy of the directory may be from before the server began with it.
Task<> AcmeAuthority::require_delegations() {
  auto directory = co_await this->directory();
  if (!directory.delegation_enabled) {
    co_await look_again();
    directory = co_await this->directory();
  }
  if (directory.delegation_enabled) co_return;
  throw Error(
      Error::Advice::refused, "acme:delegation",
      fmt::format("CA {} delegates no names (its directory has no delegation-enabled): set `ca` to the server of "
                  "the names' owner, or leave `delegation` out",
                  settings().name),
      std::nullopt, Party::ca);
}

Task<acme::Delegation> AcmeAuthority::delegation(std::string wanted) {
  co_await require_delegations();
  const auto ca = co_await account_.client();
  bool is_unknown = false;
  if (wanted != config::only_delegation) {
    try {
      co_return co_await ca->delegation(wanted);
    } catch (const acme::ProblemError& error) {
      is_unknown = error.problem().type == acme::problem_type::unknown_delegation;
      if (!is_unknown) throw;
    }
  }
  const auto known = co_await ca->delegations();
  if (!is_unknown && known.size() == 1) co_return co_await ca->delegation(known.front());
  std::string listed;
  for (const auto& url : known) {
    if (listed.size() > longest_list) break;
    listed += (listed.empty() ? "" : ", ") + one_line(url, longest_delegation);
  }
  const auto what = is_unknown ? fmt::format("does not delegate {} to our account", wanted)
                               : fmt::format("delegates to our account not one set of names but {}", known.size());
  const auto mend = known.empty() ? std::string("ask the names' owner to delegate them to this account")
                                  : fmt::format("set `delegation` to one of {}", listed);
  throw Error(Error::Advice::refused, "acme:unknownDelegation",
              fmt::format("CA {} {}: {}", settings().name, what, mend), std::nullopt, Party::ca);
}

Task<acme::Order> AcmeAuthority::new_delegated_order(std::vector<std::string> names, std::string delegation_url) {
  const auto directory = co_await this->directory();
  std::optional<acme::AutoRenewal> wish;
  if (const auto& offer = directory.auto_renewal) {
    const auto now = loop_.clock().now();
    wish =
        acme::AutoRenewal{now + std::min<std::chrono::seconds>(offer->max_duration, usual_duration),
                          std::clamp<std::chrono::seconds>(usual_lifetime, offer->min_lifetime, offer->max_duration)};
  }
  co_return co_await with_account(
      [names, delegation_url, wish](acme::Client& ca) { return ca.new_delegated_order(names, delegation_url, wish); });
}

Task<std::vector<crypto::Certificate>> AcmeAuthority::public_certificate(std::string url) {
  const auto ca = co_await account_.client();
  co_return co_await ca->public_certificate(std::move(url));
}

Task<std::optional<acme::RenewalInfo>> AcmeAuthority::renewal_info(std::string certificate_id) {
  const auto ca = co_await account_.client();
  co_return co_await ca->renewal_info(std::move(certificate_id));
}

Task<acme::Order> AcmeAuthority::order(std::string url) {
  return with_account([url = std::move(url)](acme::Client& ca) { return ca.order(url); });
}

/// What `ask` returns. A refusal that may be about our account is a reason to look at it, and to repeat the request
/// when it was lost.
Task<acme::Order> AcmeAuthority::with_account(Ask ask) {
  auto ca = co_await account_.client();
  const auto account = account_.url();
  std::exception_ptr refusal;
  bool is_forgotten = false;
  try {
    co_return co_await ask(*ca);
  } catch (const Error& error) {
    if (!CaAccount::may_concern(error)) throw;
    refusal = std::current_exception();
    is_forgotten = error.cause() == acme::account_does_not_exist;
  }
  const bool is_recovered = co_await account_.recover(account, is_forgotten);
  if (!is_recovered) std::rethrow_exception(refusal);
  ca = co_await account_.client();
  co_return co_await ask(*ca);
}

Task<acme::Order> AcmeAuthority::order_leaves_pending(std::string url, Duration limit) {
  const auto ca = co_await account_.client();
  co_return co_await ca->order_leaves(std::move(url), acme::OrderStatus::pending, limit);
}

Task<acme::Order> AcmeAuthority::order_ends(acme::Order order, Duration limit) {
  const auto ca = co_await account_.client();
  co_return co_await ca->order_ends(std::move(order), limit);
}

Task<acme::Authorization> AcmeAuthority::authorization(std::string url) {
  const auto ca = co_await account_.client();
  co_return co_await ca->authorization(std::move(url));
}

Task<acme::Authorization> AcmeAuthority::authorization_leaves_pending(std::string url, Duration limit) {
  const auto ca = co_await account_.client();
  co_return co_await ca->authorization_leaves_pending(std::move(url), limit);
}

Task<> AcmeAuthority::deactivate_authorization(std::string url) {
  const auto ca = co_await account_.client();
  co_await ca->deactivate_authorization(std::move(url));
}

Task<> AcmeAuthority::cancel_renewal(std::string order_url) {
  const auto ca = co_await account_.client();
  co_await ca->cancel_renewal(std::move(order_url));
}

Task<> AcmeAuthority::respond(std::string challenge_url) {
  const auto ca = co_await account_.client();
  co_await ca->respond(std::move(challenge_url));
}

Task<acme::Order> AcmeAuthority::finalize(acme::Order ready, std::string csr_der) {
  const auto ca = co_await account_.client();
  co_return co_await ca->finalize(std::move(ready), std::move(csr_der));
}

Task<std::vector<crypto::Certificate>> AcmeAuthority::certificate(std::string url, std::string preferred_chain) {
  const auto ca = co_await account_.client();
  if (preferred_chain.empty()) preferred_chain = settings().preferred_chain;
  auto download = co_await ca->certificate(std::move(url), preferred_chain);
  if (!download.offered.empty() && chains_told_.insert(preferred_chain).second) {
    log::warning(
        fmt::format("CA {} offers no chain of \"{}\", which preferred_chain names, so the first that it offers "
                    "is taken: set preferred_chain to a name in one of these, or leave it out: {}",
                    settings().name, preferred_chain, download.offered),
        {{"ACMED_CA", settings().name}});
  }
  co_return std::move(download.chain);
}

Task<bool> AcmeAuthority::revoke(std::string certificate_der, acme::RevocationReason reason) {
  const auto ca = co_await account_.existing_client();
  if (!ca) co_return false;
  try {
    co_await ca->revoke(std::move(certificate_der), reason);
    co_return true;
  } catch (const Error& error) {
    const bool may_another = CaAccount::may_concern(error);
    if (!may_another) throw;
    log::info(fmt::format("our account may not revoke it: {}", error.what()), {{"ACMED_CA", settings().name}});
  }
  co_return false;
}

Task<> AcmeAuthority::none_is_proved() {
  const bool is_quiet = co_await within(longest_proof, under_way().none_is_proved());
  if (is_quiet) co_return;
  throw Retry("acme:proofs",
              fmt::format("names are being proved to CA {} by the account's present key: ask again when that has ended",
                          settings().name));
}

std::string AcmeAuthority::key_authorization(const std::string& token) const {
  return account_.known_client().key_authorization(token);
}

Task<> AcmeAuthority::look_again() {
  return account_.look_again();
}

Task<std::string> AcmeAuthority::account_url() {
  co_await account_.client();
  co_return account_.url();
}

Task<acme::Directory> AcmeAuthority::directory() {
  const auto ca = co_await account_.client();
  co_return co_await ca->directory();
}

/// The name of the profile; nothing to order without one.
Task<std::optional<std::string>> AcmeAuthority::offered(config::Profile profile) {
  if (profile.name.empty()) co_return std::nullopt;
  const auto directory = co_await this->directory();
  if (directory.profiles.contains(profile.name)) co_return profile.name;
  std::string listed;
  for (const auto& [name, description] : directory.profiles) {
    listed += (listed.empty() ? "" : ", ") + one_line(name, longest_profile);
  }
  if (listed.empty()) listed = "none";
  const auto sentence =
      fmt::format("CA {} has no profile \"{}\" (it offers: {})", settings().name, profile.name, listed);
  if (profile.required) {
    throw Error(
        Error::Advice::refused, "acme:invalidProfile",
        sentence + (directory.profiles.empty() ? ": leave `profile` and `profile_required` out"
                                               : ": set `profile` to one of these, or profile_required = false"),
        std::nullopt, Party::ca);
  }
  if (profiles_told_.insert(profile.name).second) {
    log::warning(sentence + ": ordered without one", {{"ACMED_CA", settings().name}});
  }
  co_return std::nullopt;
}

void AcmeAuthority::rest() {
  account_.rest();
}

}  // namespace acmed::issue
