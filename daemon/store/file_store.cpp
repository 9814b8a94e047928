// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/file_store.h"

#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/accounts.h"
#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/crypto/x509.h"
#include "base/files.h"
#include "base/log.h"
#include "base/runtime/offload.h"
#include "daemon/store/generation_files.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr unsigned generations_kept = 3;
// Members of acmed-certs pass through to their keys; nobody lists what is here but acmed.
constexpr mode_t passage_mode = 0751;
constexpr mode_t private_folder_mode = 0700;
constexpr mode_t private_file_mode = 0600;
constexpr mode_t public_file_mode = 0644;
constexpr const char* key_group_name = "acmed-certs";

std::optional<gid_t> find_key_group() {
  const group* found = getgrnam(key_group_name);
  if (found == nullptr) return std::nullopt;
  // Only who is a member, or root, may give files to it.
  if (geteuid() == 0 || getegid() == found->gr_gid) return found->gr_gid;
  std::vector<gid_t> own(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
  const auto count = getgroups(static_cast<int>(own.size()), own.data());
  own.resize(static_cast<std::size_t>(std::max(count, 0)));
  if (std::find(own.begin(), own.end(), found->gr_gid) == own.end()) return std::nullopt;
  return found->gr_gid;
}

/// The number of a generation's folder, "0001" and up; nothing for other names.
std::optional<unsigned> generation_number(std::string_view folder_name) {
  unsigned number = 0;
  const auto* end = folder_name.data() + folder_name.size();
  const auto [rest, error] = std::from_chars(folder_name.data(), end, number);
  if (folder_name.size() < 4 || error != std::errc{} || rest != end || number == 0) return std::nullopt;
  return number;
}

std::string generation_name(unsigned number) {
  return fmt::format("{:04}", number);
}

std::vector<unsigned> generations_in(const fs::path& folder) {
  std::vector<unsigned> numbers;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(folder, gone)) {
    if (const auto number = generation_number(entry.path().filename().string())) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::optional<unsigned> read_live(const fs::path& link) {
  std::array<char, 4096> target;
  const auto size = ::readlink(link.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  const std::string_view path(target.data(), static_cast<std::size_t>(size));
  return generation_number(path.substr(path.rfind('/') + 1));
}

/// Reads JSON that we wrote. What is not readable as such is set aside, so that nothing is lost and the work goes on.
template <class Record>
std::optional<Record> read_record(const fs::path& path, std::optional<Record> (*from_json)(const json::Value&)) {
  const auto text = files::read(path);
  if (!text) return std::nullopt;
  if (const auto value = json::parse(*text)) {
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

std::optional<json::Object> object_from_json(const json::Value& value) {
  return value.as_object() != nullptr ? std::optional(*value.as_object()) : std::nullopt;
}

/// What the generation in service tells of itself, when there is no state.
Certificate rebuilt(const fs::path& folder, const fs::path& link) {
  Certificate certificate;
  const auto live = read_live(link);
  if (!live) return certificate;
  const auto generation = folder / generation_name(*live);
  const auto meta = json::parse(files::read(generation / "meta.json").value_or("")).value_or(json::Value());
  const auto pem = files::read(generation / "cert.pem");
  if (!pem) return certificate;
  const auto leaf = [&]() -> std::optional<crypto::Certificate> {
    try {
      return crypto::parse_chain(*pem).front();
    } catch (const Error& error) {
      log::error(fmt::format("{}: {}", (generation / "cert.pem").string(), error.what()));
      return std::nullopt;
    }
  }();
  if (!leaf) return certificate;
  certificate.issued = Issued{*live,
                              meta["directory"].text_or(),
                              meta["key_type"].text_or(),
                              meta["domains"].texts(),
                              leaf->serial(),
                              leaf->not_before(),
                              leaf->not_after(),
                              parse_rfc3339(meta["issued_at"].text_or()).value_or(leaf->not_before())};
  return certificate;
}

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// acmed 0.1 wrote "key.pem.RANDOM.new" before there was key.pem.
bool is_account_leftover(std::string_view name) {
  const auto of = files::leftover_of(name);
  if (of) return *of == "account.json" || *of == "key.pem";
  constexpr std::string_view begin = "key.pem.";
  constexpr std::string_view end = ".new";
  return name.size() == begin.size() + 16 + end.size() && name.starts_with(begin) && name.ends_with(end) &&
         is_hexadecimal(name.substr(begin.size(), 16));
}

/// acmed 0.1 wrote a generation to ".NUMBER.new".
bool is_certificate_leftover(std::string_view name) {
  const auto of = files::leftover_of(name);
  if (of) return *of == "state.json" || generation_number(*of);
  return name.starts_with('.') && name.ends_with(".new") && generation_number(name.substr(1, name.size() - 5));
}

Certificate load_state(const fs::path& folder, const fs::path& link) {
  if (auto state = read_record(folder / "state.json", &certificate_from_json)) return *std::move(state);
  return rebuilt(folder, link);
}

/// Removes a generation that was not finished, with the key in it.
class Unfinished {
 public:
  explicit Unfinished(fs::path folder) : folder_(std::move(folder)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;  // a finished one has another name by now
    fs::remove_all(folder_, ignored);
  }

 private:
  fs::path folder_;
};

unsigned write_generation(const fs::path& folder, const GenerationFiles& files, std::optional<gid_t> key_group) {
  files::make_folder(folder, passage_mode);
  const auto existing = generations_in(folder);
  const unsigned number = existing.empty() ? 1 : existing.back() + 1;
  const auto fresh = files::temporary_beside(folder / generation_name(number));
  const Unfinished unfinished(fresh);
  if (::mkdir(fresh.c_str(), private_folder_mode) != 0) {
    throw fs::filesystem_error("mkdir", fresh, std::error_code(errno, std::generic_category()));
  }
  const auto meta = json::dump_readable(files.meta);
  const mode_t key_mode = key_group ? 0640 : private_file_mode;
  // The folder's own mode is synced along with what is in it.
  fs::permissions(fresh, static_cast<fs::perms>(passage_mode));
  files::write_together(fresh, {{"privkey.pem", files.private_key.reveal(), key_mode, key_group},
                                {"cert.pem", files.certificate, public_file_mode, {}},
                                {"chain.pem", files.chain, public_file_mode, {}},
                                {"fullchain.pem", files.full_chain, public_file_mode, {}},
                                {"meta.json", meta, public_file_mode, {}}});
  fs::rename(fresh, folder / generation_name(number));
  files::sync_folder(folder);
  return number;
}

void switch_live(const fs::path& link, const std::string& name, const fs::path& folder, unsigned generation) {
  if (!fs::exists(folder / generation_name(generation) / "fullchain.pem")) {
    throw Retry("store:generation",
                fmt::format("{} has no generation {:04} that could be put in service", folder.string(), generation));
  }
  files::switch_link(link, fs::path("..") / "certificates" / name / generation_name(generation));
}

void remove_old_generations(const fs::path& folder, const std::set<unsigned>& needed) {
  const auto numbers = generations_in(folder);
  for (std::size_t i = 0; i + generations_kept < numbers.size(); ++i) {
    if (!needed.contains(numbers[i])) fs::remove_all(folder / generation_name(numbers[i]));
  }
}

/// What may have other owners when root, or another user, worked here once.
constexpr auto entries = std::to_array({"", "lock", "accounts", "certificates", "providers", "live", "ledger.json"});

std::optional<uid_t> owner_of(const fs::path& path) {
  struct stat status {};
  // A state directory may be reached by a link (DynamicUser=): where it leads is what counts.
  return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_uid) : std::nullopt;
}

/// Root may write everywhere, but the folder's user could not use what root writes.
void refuse_as_root(const fs::path& folder) {
  if (::geteuid() != 0) return;
  for (const auto* entry : entries) {
    const auto path = *entry == '\0' ? folder : folder / entry;
    const auto owner = owner_of(path);
    if (!owner || *owner == 0) continue;
    const auto name = name_of_user(*owner);
    const bool is_number = name == std::to_string(*owner);
    throw Refused("store:owner",
                  fmt::format("{} belongs to the user {}, who could not use what root writes there. Run acmed as that "
                              "user: sudo -u {} acmed ...",
                              path.string(), name, is_number ? fmt::format("'#{}'", name) : name));
  }
}

/// The error for what this user may not do with `path` in the state directory `folder`: whose it is, and what to type.
/// `sentence` alone when that is not the reason.
std::string with_owner(std::string sentence, fs::path path, const fs::path& folder) {
  const auto own = name_of_user(::geteuid());
  const auto top = folder.lexically_normal();
  std::error_code hidden;
  if (fs::symlink_status(top, hidden).type() == fs::file_type::not_found) {
    return fmt::format("{}. Type as root: install -d -o {} -m {:04o} {}", sentence, own, passage_mode, top.string());
  }
  for (path = path.lexically_normal();; path = path.parent_path()) {
    const auto owner = owner_of(path);
    if (owner && *owner != ::geteuid()) {
      return fmt::format("{}: {} belongs to the user {}, and acmed runs as {}. Type as root: chown -R {} {}", sentence,
                         path.string(), name_of_user(*owner), own, own, top.string());
    }
    if (path == top || !path.has_relative_path()) return sentence;
  }
}

/// Calls `call`; what it throws names the owner where the rights do not suffice.
template <class Call>
auto with_owner_named(const fs::path& folder, Call& call) {
  try {
    return call();
  } catch (const files::Denied& error) {
    throw Retry(error.cause(), with_owner(error.what(), error.path(), folder));
  } catch (const fs::filesystem_error& error) {
    const auto number = error.code().value();
    auto sentence = system_error_sentence("change " + error.path1().string(), number);
    if (number == EACCES || number == EPERM) sentence = with_owner(std::move(sentence), error.path1(), folder);
    throw Retry(fmt::format("file:{}", number), sentence);
  }
}

/// Removes what the last process was writing when it was killed: there may be keys in it.
void remove_leftovers(const fs::path& folder) {
  files::remove_leftovers(folder, [](std::string_view name) { return files::leftover_of(name) == "ledger.json"; });
  files::remove_leftovers(folder / "live", [](std::string_view name) { return files::leftover_of(name).has_value(); });
  files::remove_leftovers(folder / "providers", [](std::string_view name) {
    return files::leftover_of(name).value_or("").ends_with(".json");
  });
  std::error_code error;
  for (fs::directory_iterator account(folder / "accounts", error), end; !error && account != end;
       account.increment(error)) {
    files::remove_leftovers(account->path(), is_account_leftover);
  }
}

}  // namespace

FileStore::FileStore(std::filesystem::path folder) : folder_(std::move(folder)), key_group_(find_key_group()) {
  refuse_as_root(folder_);
  const auto open = [this] {
    files::make_folder(folder_, passage_mode);
    auto lock = files::lock(folder_ / "lock");
    if (!lock) {
      throw Refused("store:locked",
                    fmt::format("another acmed works in {}: stop it first (systemctl stop acmed), or give this "
                                "one a state_directory of its own",
                                folder_.string()));
    }
    lock_ = *std::move(lock);
    files::make_folder(folder_ / "accounts", private_folder_mode);
    files::make_folder(folder_ / "certificates", passage_mode);
    files::make_folder(folder_ / "live", passage_mode);
    remove_leftovers(folder_);
  };
  with_owner_named(folder_, open);
}

template <class Call>
auto FileStore::on_disk(Call call) const {
  return offload([folder = folder_, call = std::move(call)]() mutable { return with_owner_named(folder, call); });
}

fs::path FileStore::account_folder(const std::string& directory_url) const {
  const auto start = directory_url.find("://") + 3;
  auto host = directory_url.substr(start, directory_url.find('/', start) - start);
  std::replace(host.begin(), host.end(), ':', '_');
  return folder_ / "accounts" / (host + "-" + crypto::hex(crypto::sha256(directory_url)).substr(0, 12));
}

fs::path FileStore::certificate_folder(const std::string& name) const {
  return folder_ / "certificates" / name;
}

fs::path FileStore::provider_path(const std::string& name) const {
  return folder_ / "providers" / (name + ".json");
}

fs::path FileStore::live_path(const std::string& name) const {
  return folder_ / "live" / name;
}

fs::path FileStore::generation_path(const std::string& name, unsigned generation) const {
  return certificate_folder(name) / generation_name(generation);
}

Task<std::optional<Account>> FileStore::load_account(std::string directory_url) {
  co_return co_await on_disk([folder = account_folder(directory_url), directory_url]() -> std::optional<Account> {
    const auto key = files::read(folder / "key.pem");
    if (!key) return std::nullopt;
    // Without account.json the key still finds the account: newAccount answers with the one it belongs to.
    auto account = read_record(folder / "account.json", &account_from_json).value_or(Account{});
    account.directory_url = directory_url;
    account.key_pem = Secret(*key);
    return account;
  });
}

Task<> FileStore::save_account(Account account) {
  co_await on_disk([folder = account_folder(account.directory_url), account] {
    files::make_folder(folder, private_folder_mode);
    // The key is the account: it must never be replaced by another one.
    files::write_once(folder / "key.pem", account.key_pem.reveal(), private_file_mode);
    if (!account.url.empty()) {
      files::write_durably(folder / "account.json", json::dump_readable(to_json(account)), private_file_mode);
    }
  });
}

Task<std::vector<std::string>> FileStore::certificate_names() {
  co_return co_await on_disk([folder = folder_ / "certificates"] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  });
}

Task<Certificate> FileStore::load_certificate(std::string name) {
  co_return co_await on_disk(
      [folder = certificate_folder(name), link = live_path(name)] { return load_state(folder, link); });
}

Examined FileStore::examine(const std::string& name) const {
  const auto folder = certificate_folder(name);
  const auto link = live_path(name);
  const auto look = [&] {
    Examined examined{load_state(folder, link), read_live(link), {}, {}};
    const auto& issued = examined.certificate.issued;
    if (issued) examined.fault = fault_of(folder / generation_name(issued->generation));
    return examined;
  };
  try {
    return with_owner_named(folder_, look);
  } catch (...) {
    return {{}, {}, {}, std::current_exception()};
  }
}

Task<std::vector<Examined>> FileStore::examine_certificates(std::vector<std::string> names) {
  try {
    co_return co_await offload([this, &names] {
      std::vector<Examined> examined;
      examined.reserve(names.size());
      for (const auto& name : names) examined.push_back(examine(name));
      return examined;
    });
  } catch (const Error&) {  // no thread for it
    std::vector<Examined> examined(names.size());
    for (auto& each : examined) each.unreadable = std::current_exception();
    co_return examined;
  }
}

Task<> FileStore::save_certificate(std::string name, Certificate certificate) {
  co_await on_disk([folder = certificate_folder(name), certificate = std::move(certificate)] {
    files::make_folder(folder, passage_mode);
    // Here and not at the start: there may be a hundred thousand, and what a crash cut off is done again.
    files::remove_leftovers(folder, is_certificate_leftover);
    files::write_durably(folder / "state.json", json::dump_readable(to_json(certificate)), private_file_mode);
  });
}

Task<unsigned> FileStore::add_generation(std::string name, GenerationFiles files) {
  co_return co_await on_disk([folder = certificate_folder(name), files = std::move(files), group = key_group_] {
    return write_generation(folder, files, group);
  });
}

Task<> FileStore::make_live(std::string name, unsigned generation) {
  co_await on_disk([link = live_path(name), name, folder = certificate_folder(name), generation] {
    switch_live(link, name, folder, generation);
  });
}

Task<> FileStore::remove_old_generations(std::string name, std::set<unsigned> needed) {
  co_await on_disk([folder = certificate_folder(name), needed] { store::remove_old_generations(folder, needed); });
}

Task<json::Value> FileStore::generation_meta(std::string name, unsigned generation) {
  co_return co_await on_disk([path = generation_path(name, generation) / "meta.json"] {
    return json::parse(files::read(path).value_or("")).value_or(json::Value());
  });
}

Task<std::optional<unsigned>> FileStore::live_generation(std::string name) {
  co_return co_await on_disk([link = live_path(name)] { return read_live(link); });
}

Task<json::Object> FileStore::load_provider(std::string name) {
  co_return co_await on_disk([path = provider_path(name)] {
    return read_record<json::Object>(path, &object_from_json).value_or(json::Object());
  });
}

Task<> FileStore::save_provider(std::string name, json::Object object) {
  co_await on_disk([path = provider_path(name), object = std::move(object)] {
    files::make_folder(path.parent_path(), private_folder_mode);
    files::write_durably(path, json::dump_readable(object), private_file_mode);
  });
}

Task<std::map<std::string, Pause>> FileStore::load_ledger() {
  co_return co_await on_disk([path = folder_ / "ledger.json"] {
    std::map<std::string, Pause> ledger;
    const auto object = read_record<json::Object>(path, &object_from_json).value_or(json::Object());
    for (const auto& [ca, pause] : object) {
      const auto since = parse_rfc3339(pause["since"].text_or());
      const auto until = parse_rfc3339(pause["until"].text_or());
      if (since && until) ledger.emplace(ca, Pause{*since, *until});  // versions before kept an end alone, unbounded
    }
    return ledger;
  });
}

Task<> FileStore::save_ledger(std::map<std::string, Pause> ledger) {
  co_await on_disk([path = folder_ / "ledger.json", ledger = std::move(ledger)] {
    json::Object object;
    for (const auto& [ca, pause] : ledger) {
      object.emplace(ca, json::Object{{"since", to_rfc3339(pause.since)}, {"until", to_rfc3339(pause.until)}});
    }
    files::write_durably(path, json::dump_readable(object), private_file_mode);
  });
}

}  // namespace acmed::store
