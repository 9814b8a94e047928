// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "config/suggest.h"
#include "daemon/acmectl/operation.h"
#include "daemon/acmectl/render.h"
#include "daemon/acmectl/verbs.h"

namespace acmed::acmectl {
namespace {

std::string done_text(const std::string& action, const std::string& ca) {
  if (action == "roll-key") return fmt::format("the account at {} has a new key\n", ca);
  if (action == "deactivate") {
    return fmt::format(
        "the account at {0} is deactivated for ever; nothing is ordered there until: acmectl account "
        "create {0}\n",
        ca);
  }
  return fmt::format("there is an account at {}\n", ca);
}

/// Throws Refused when no CA is called so; all of them where none is wanted.
json::Array of_ca(const json::Array& accounts, const std::string& ca) {
  if (ca.empty()) return accounts;
  json::Array its;
  std::vector<std::string> known;
  for (const auto& account : accounts) {
    known.push_back(account["ca"].text_or());
    if (known.back() == ca) its.push_back(account);
  }
  if (!its.empty()) return its;
  throw Refused("control:name", fmt::format("no CA is named \"{}\"{}", clean(ca), config::did_you_mean(ca, known)));
}

}  // namespace

Task<int> list_accounts(Session* session, std::string ca) {
  const auto answer = co_await session->api.get("/v1/accounts");
  const auto accounts = of_ca(answer["accounts"].elements(), ca);
  print(session->json ? json::dump_readable(json::Value(accounts)) : render_accounts(accounts, session->style));
  co_return exit_well;
}

Task<int> change_account(Session* session, std::string action, std::string ca, bool wait) {
  auto answer = co_await session->api.post(fmt::format("/v1/accounts/{}/{}", in_path(ca), action), json::Object());
  const auto status = co_await see_through(session, ca, std::move(answer), wait);
  if (status == exit_well && wait && !session->json) print(done_text(action, clean(ca)));
  co_return status;
}

}  // namespace acmed::acmectl
