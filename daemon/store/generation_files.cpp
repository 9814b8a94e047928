// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/generation_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/secret.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr mode_t public_file_mode = 0644;
constexpr std::string_view certificate_begin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view certificate_end = "-----END CERTIFICATE-----\n";
/// meta.json is written last, right after the others. A disk that was slow in between costs a look more.
constexpr std::time_t writing_takes = 2;

bool is_whole_certificates(std::string_view pem) {
  return pem.starts_with(certificate_begin) && pem.ends_with(certificate_end);
}

bool is_whole_key(std::string_view pem) {
  return pem.starts_with("-----BEGIN ") && pem.find("\n-----END ") != pem.npos;
}

/// When the file's content, name, owner or mode last changed (st_ctime, which no program can set); 0 without the file.
std::time_t changed(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ctime : 0;
}

bool was_changed_since_written(const fs::path& folder) {
  const auto written = changed(folder / "meta.json");
  constexpr std::array<const char*, 4> names = {"privkey.pem", "cert.pem", "chain.pem", "fullchain.pem"};
  for (const auto* name : names) {
    if (changed(folder / name) > written + writing_takes) return true;
  }
  return written == 0;
}

/// Writes `name` anew unless it has `content`. Whether it did.
bool settle(const fs::path& folder, const char* name, const std::string& found, const std::string& content) {
  if (found == content && fs::exists(folder / name)) return false;
  files::write_durably(folder / name, content, public_file_mode);
  log::warning(fmt::format("{} was missing or damaged: it is written again from the others", (folder / name).string()));
  return true;
}

bool is_pair(const Secret& key, const std::string& full_chain) {
  try {
    return crypto::parse_chain(full_chain).front().has_key(crypto::PrivateKey::from_pem(key));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<std::string> fault_of(const fs::path& folder) {
  const auto content = [&folder](const char* name) { return files::read(folder / name).value_or(""); };
  const Secret key(content("privkey.pem"));
  if (!is_whole_key(key.reveal())) {
    return fmt::format("{} is {}", (folder / "privkey.pem").string(),
                       fs::exists(folder / "privkey.pem") ? (key.empty() ? "empty" : "damaged") : "missing");
  }
  const auto leaf = content("cert.pem");
  const auto chain = content("chain.pem");
  auto full_chain = content("fullchain.pem");
  // A file that was cut off between two certificates looks whole: the longer one tells more.
  const bool parts_are_whole = is_whole_certificates(leaf) && (chain.empty() || is_whole_certificates(chain));
  if (parts_are_whole && (!is_whole_certificates(full_chain) || full_chain.size() < leaf.size() + chain.size())) {
    full_chain = leaf + chain;
  }
  if (!is_whole_certificates(full_chain)) {
    return fmt::format("{} is missing or damaged, and so is {}", (folder / "fullchain.pem").string(),
                       (folder / "cert.pem").string());
  }
  const auto end_of_leaf = full_chain.find(certificate_end) + certificate_end.size();
  bool is_suspicious = was_changed_since_written(folder);
  is_suspicious |= settle(folder, "cert.pem", leaf, full_chain.substr(0, end_of_leaf));
  is_suspicious |= settle(folder, "chain.pem", chain, full_chain.substr(end_of_leaf));
  is_suspicious |= settle(folder, "fullchain.pem", content("fullchain.pem"), full_chain);
  if (is_suspicious && !is_pair(key, full_chain)) {
    return fmt::format("key and certificate in {} do not belong together", folder.string());
  }
  return std::nullopt;
}

}  // namespace acmed::store
