// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/state_view.h"

#include "base/files.h"
#include "daemon/store/generation_folder.h"
#include "daemon/store/state_folder.h"

namespace acmed::store {
namespace {

std::optional<json::Value> read_json(const std::filesystem::path& path) {
  const auto text = files::read(path);
  if (!text) return std::nullopt;
  auto value = json::parse(*text);
  return value && !is_newer(*value) ? std::move(value) : std::nullopt;
}

}  // namespace

std::optional<Certificate> StateView::certificate(const std::string& name) const {
  const auto value = read_json(path_ / "certificates" / name / "state.json");
  return value ? certificate_from_json(*value) : std::nullopt;
}

std::optional<Account> StateView::account(const AccountIdentity& identity) const {
  const auto value = read_json(account_folder(path_, identity) / "account.json");
  auto account = value ? account_from_json(*value) : std::nullopt;
  if (account) account->identity = identity;
  return account;
}

LedgerRecord StateView::ledger() const {
  const auto value = read_json(path_ / "ledger.json");
  const auto* object = value ? value->as_object() : nullptr;
  return object != nullptr ? ledger_from_json(*object) : LedgerRecord();
}

std::optional<unsigned> StateView::live(const std::string& name) const {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(live_path(name), error);
  return error ? std::nullopt : generation_number(target.filename().string());
}

}  // namespace acmed::store
