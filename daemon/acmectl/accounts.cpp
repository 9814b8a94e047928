// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

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

}  // namespace

Task<int> list_accounts(Session* session) {
  const auto answer = co_await session->api.get("/v1/accounts");
  print(session->json ? json::dump_readable(answer["accounts"])
                      : render_accounts(answer["accounts"].elements(), session->style));
  co_return exit_well;
}

Task<int> change_account(Session* session, std::string action, std::string ca, bool wait) {
  auto answer = co_await session->api.post(fmt::format("/v1/accounts/{}/{}", in_path(ca), action), json::Object());
  const auto status = co_await see_through(session, ca, std::move(answer), wait);
  if (status == exit_well && wait && !session->json) print(done_text(action, clean(ca)));
  co_return status;
}

}  // namespace acmed::acmectl
