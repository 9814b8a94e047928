// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/file_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/crypto/key.h"
#include "base/files.h"
#include "base/log.h"
#include "daemon/store/generation_files.h"
#include "daemon/store/generation_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_state = std::size_t{16} * 1024 * 1024;
// Of a certificate with an order and a dozen names. Larger ones are read as well, with a few more calls.
constexpr std::size_t usual_state = std::size_t{8} * 1024;

/// JSON that we wrote. An unreadable file is set aside, so that nothing is lost and work goes on.
template <class Record>
std::optional<Record> record_in(const std::string& text, const fs::path& path,
                                std::optional<Record> (*from_json)(const json::Value&)) {
  if (const auto value = json::parse(text)) {
    if (is_newer(*value)) {
      throw Refused("store:newer", fmt::format("{} was written by a newer acmed: install that one again, or restore an "
                                               "older state directory. Nothing is changed",
                                               path.string()));
    }
    if (auto record = from_json(*value)) return record;
  }
  const auto aside = files::set_aside(path);
  log::error(fmt::format("{} cannot be read as what acmed wrote: it is kept as {} and rebuilt from what else is known",
                         path.string(), aside.string()));
  return std::nullopt;
}

template <class Record>
std::optional<Record> read_record(const fs::path& path, std::optional<Record> (*from_json)(const json::Value&)) {
  const auto text = files::read(path);
  return text ? record_in(*text, path, from_json) : std::nullopt;
}

std::optional<json::Object> object_from_json(const json::Value& value) {
  return value.as_object() != nullptr ? std::optional(*value.as_object()) : std::nullopt;
}

/// Whether the account in `former` was kept by acmed 0.1, one for each directory, and can be `identity`'s; it then is
/// in `folder`. Which external account it is bound to was not stored.
bool take_over(const fs::path& former, const fs::path& folder, const AccountIdentity& identity) {
  const auto key = files::read(former / "key.pem");
  if (!key) return false;
  try {
    if (crypto::to_text(crypto::PrivateKey::from_pem(Secret(*key)).type()) != identity.key_type) return false;
  } catch (const Error&) {
    return false;
  }
  fs::rename(former, folder);
  files::sync_folder(folder.parent_path());
  return true;
}

/// acmed 0.1 wrote a generation to ".NUMBER.new".
bool is_certificate_leftover(std::string_view name) {
  const auto of = files::leftover_of(name);
  if (of) return *of == "state.json" || generation_number(*of);
  return name.starts_with('.') && name.ends_with(".new") && generation_number(name.substr(1, name.size() - 5));
}

/// It may hold the key of an order, and a backup may have been restored without its rights.
void close_to_others(const Fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && (status.st_mode & 077) != 0) ::fchmod(file.get(), private_file_mode);
}

Certificate load_state(const std::string& folder) {
  const fs::path path = folder + "/state.json";
  if (const auto file = files::open_regular(path)) {
    close_to_others(*file);
    const auto text = files::read_rest(*file, path, largest_state);
    if (auto state = record_in(text, path, &certificate_from_json)) return *std::move(state);
  }
  Certificate certificate;
  certificate.issued = newest_generation(folder);
  return certificate;
}

/// A state as acmed leaves it, by four calls relative to the open folder of all certificates: a host may have a hundred
/// thousand. Nothing where anything is unusual: load_state() then finds out what.
std::optional<Certificate> plain_state(const Fd& certificates, const std::string& name) {
  const Fd file(::openat(certificates.get(), (name + "/state.json").c_str(),
                         O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) != 0) return {};
  std::array<char, usual_state> text;
  const auto size = ::read(file.get(), text.data(), text.size());
  if (size != status.st_size) return std::nullopt;
  const auto value = json::parse(std::string_view(text.data(), static_cast<std::size_t>(size)));
  return value && !is_newer(*value) ? certificate_from_json(*value) : std::nullopt;
}

/// The revision of the state on disk; nothing when there is no readable state.
std::optional<Revision> revision_in(const fs::path& state) {
  const auto value = json::parse(files::read(state).value_or(""));
  const auto certificate = value ? certificate_from_json(*value) : std::nullopt;
  return certificate ? std::optional(certificate->revision) : std::nullopt;
}

/// Nobody has written the file, nor put another one in its place, while this is the same: no program can set st_ctime.
std::optional<FileStore::Written> look_at(const fs::path& state, Revision revision) {
  struct stat status {};
  if (::lstat(state.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileStore::Written{revision, status.st_ino, {status.st_ctim.tv_sec, status.st_ctim.tv_nsec}, status.st_size};
}

/// `before`: what was written last under the same claim.
std::optional<FileStore::Written> save_state(const fs::path& folder, Certificate certificate,
                                             std::optional<FileStore::Written> before) {
  const auto state = folder / "state.json";
  auto there = before ? std::optional(before->revision) : std::nullopt;
  if (!before || look_at(state, before->revision) != before) {
    files::make_folder(folder, passage_mode);
    // Here and not at start: there may be a hundred thousand, and what a crash interrupted is done again anyway.
    files::remove_leftovers(folder, is_certificate_leftover);
    there = revision_in(state);
  }
  if (there && *there != certificate.revision) {
    throw Retry(std::string(other_revision),
                fmt::format("{} was changed by somebody else meanwhile: it is read again", folder.string()));
  }
  ++certificate.revision;
  files::write_durably(state, json::dump_readable(to_json(certificate)), private_file_mode);
  return look_at(state, certificate.revision);
}

}  // namespace

Task<std::optional<Account>> FileStore::load_account(AccountIdentity identity) {
  co_return co_await folder_.on_disk([folder = folder_.account(identity),
                                      former = folder_.account_of_0_1(identity.directory_url),
                                      identity]() -> std::optional<Account> {
    auto key = files::read(folder / "key.pem");
    const bool may_be_former = identity.brought_key.empty() && identity.label.empty();
    if (!key && may_be_former && take_over(former, folder, identity)) key = files::read(folder / "key.pem");
    if (!key) return std::nullopt;
    if (!is_whole_key(*key)) {
      const auto aside = files::set_aside(folder);
      log::error(
          fmt::format("the key of the account in {} is damaged: what is left is kept as {}, and another account "
                      "is registered",
                      folder.string(), aside.string()));
      return std::nullopt;
    }
    // Without account.json the key still finds the account: newAccount returns the one that it belongs to.
    auto account = read_record(folder / "account.json", &account_from_json).value_or(Account{});
    account.identity = identity;
    account.key_pem = Secret(*key);
    if (auto next = files::read(folder / "next_key.pem")) account.next_key_pem = Secret(*std::move(next));
    return account;
  });
}

Task<> FileStore::save_account(Account account) {
  co_await folder_.on_disk([folder = folder_.account(account.identity), account] {
    files::make_folder(folder, private_folder_mode);
    // The key is the account: it must never be replaced.
    files::write_once(folder / "key.pem", account.key_pem.reveal(), private_file_mode);
    if (!account.url.empty()) {
      files::write_durably(folder / "account.json", json::dump_readable(to_json(account)), private_file_mode);
    }
  });
}

Task<> FileStore::save_next_key(AccountIdentity identity, Secret key_pem) {
  co_await folder_.on_disk([folder = folder_.account(identity), key_pem = std::move(key_pem)] {
    files::write_durably(folder / "next_key.pem", key_pem.reveal(), private_file_mode);
  });
}

Task<> FileStore::settle_key(AccountIdentity identity, bool is_taken) {
  co_await folder_.on_disk([folder = folder_.account(identity), is_taken] {
    const auto next = folder / "next_key.pem";
    if (is_taken) {
      fs::rename(next, folder / "key.pem");
    } else {
      fs::remove(next);
    }
    files::sync_folder(folder);
  });
}

Task<> FileStore::retire_account(AccountIdentity identity, Time now) {
  co_await folder_.on_disk([folder = folder_.account(identity), now] {
    auto aside = folder;
    aside += fmt::format(".retired-{}", std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
    fs::rename(folder, aside);
    files::sync_folder(folder.parent_path());
  });
}

Task<std::vector<std::string>> FileStore::certificate_names() {
  co_return co_await folder_.on_disk([folder = folder_.certificate("")] { return files::names_in(folder); });
}

Task<Claim> FileStore::claim(std::string name) {
  while (claimed_.contains(name)) co_await released_.turn();
  claimed_.emplace(name, std::nullopt);
  co_return Claim(this, [this, name](const void*) {
    claimed_.erase(name);
    released_.wake_all();
  });
}

Task<Certificate> FileStore::load_certificate(std::string name) {
  co_return co_await folder_.on_disk([folder = folder_.certificate(name)] {
    close_keys_to_others(folder);
    return load_state(folder);
  });
}

Loaded FileStore::look_up(const Fd& certificates, const std::string& name) const {
  try {
    if (auto plain = plain_state(certificates, name)) return {*std::move(plain), nullptr};
    return {folder_.with_owner_named([&] { return load_state(folder_.certificate(name)); }), nullptr};
  } catch (...) {
    return {{}, std::current_exception()};
  }
}

Task<std::vector<Loaded>> FileStore::load_certificates(std::vector<std::string> names) {
  std::vector<Loaded> loaded(names.size());
  std::exception_ptr unreadable;
  try {
    co_await offload([this, &names, &loaded] {
      const Fd certificates(::open(folder_.certificate("").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      std::ranges::transform(names, loaded.begin(),
                             [&](const std::string& name) { return look_up(certificates, name); });
    });
  } catch (const Error&) {  // no thread could be had
    unreadable = std::current_exception();
  }
  if (unreadable) {
    for (auto& each : loaded) each.unreadable = unreadable;
  }
  co_return loaded;
}

Task<Revision> FileStore::save_certificate(std::string name, Certificate certificate) {
  const auto revision = certificate.revision + 1;
  const auto claim = claimed_.find(name);
  const auto before = claim == claimed_.end() ? std::nullopt : claim->second;
  const auto written =
      co_await folder_.on_disk([folder = folder_.certificate(name), certificate = std::move(certificate), before] {
        return save_state(folder, certificate, before);
      });
  if (const auto still = claimed_.find(name); still != claimed_.end()) still->second = written;
  co_return revision;
}

Task<unsigned> FileStore::add_generation(std::string name, GenerationMeta meta, GenerationFiles files) {
  co_return co_await folder_.on_disk(
      [folder = folder_.certificate(name), meta = std::move(meta), files = std::move(files)] {
        const Generation generation{next_generation(folder), meta, files};
        write_generation(folder, generation);
        return generation.number;
      });
}

Task<Generation> FileStore::generation(std::string name, unsigned number) {
  co_return co_await folder_.on_disk(
      [folder = folder_.certificate(name), number] { return read_generation(folder, number); });
}

Task<GenerationMeta> FileStore::generation_meta(std::string name, unsigned number) {
  co_return co_await folder_.on_disk(
      [folder = folder_.certificate(name), number] { return read_generation_meta(folder, number); });
}

Task<> FileStore::remove_old_generations(std::string name, std::set<unsigned> needed) {
  co_await folder_.on_disk(
      [folder = folder_.certificate(name), needed] { store::remove_old_generations(folder, needed); });
}

Task<json::Object> FileStore::load_provider(std::string name) {
  co_return co_await folder_.on_disk([path = folder_.provider(name)] {
    return read_record<json::Object>(path, &object_from_json).value_or(json::Object());
  });
}

Task<> FileStore::save_provider(std::string name, json::Object object) {
  co_await folder_.on_disk([path = folder_.provider(name), object = std::move(object)] {
    files::make_folder(path.parent_path(), private_folder_mode);
    files::write_durably(path, json::dump_readable(object), private_file_mode);
  });
}

Task<LedgerRecord> FileStore::load_ledger() {
  co_return co_await folder_.on_disk([path = folder_.ledger()] {
    return ledger_from_json(read_record<json::Object>(path, &object_from_json).value_or(json::Object()));
  });
}

Task<> FileStore::save_ledger(LedgerRecord ledger) {
  co_await folder_.on_disk([path = folder_.ledger(), ledger = std::move(ledger)] {
    files::write_durably(path, json::dump_readable(to_json(ledger)), private_file_mode);
  });
}

Task<std::vector<ToldTrouble>> FileStore::load_told() {
  co_return co_await folder_.on_disk([path = folder_.told()] {
    return told_from_json(read_record<json::Object>(path, &object_from_json).value_or(json::Object()));
  });
}

Task<> FileStore::save_told(std::vector<ToldTrouble> told) {
  co_await folder_.on_disk([path = folder_.told(), told = std::move(told)] {
    files::write_durably(path, json::dump_readable(to_json(told)), private_file_mode);
  });
}

}  // namespace acmed::store
