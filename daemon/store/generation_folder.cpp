// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/generation_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <vector>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "daemon/store/state_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr unsigned generations_kept = 3;
constexpr mode_t public_file_mode = 0644;
constexpr mode_t others = 0007;

std::vector<unsigned> generations_in(const fs::path& folder) {
  std::vector<unsigned> numbers;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(folder, gone)) {
    if (const auto number = generation_number(entry.path().filename().string())) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// Removes an unfinished generation, with the key in it.
class Unfinished {
 public:
  explicit Unfinished(fs::path folder) : folder_(std::move(folder)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;  // a finished one has been renamed by now
    fs::remove_all(folder_, ignored);
  }

 private:
  fs::path folder_;
};

std::string content(const fs::path& path) {
  auto text = files::read(path);
  if (!text) throw Retry("store:generation", fmt::format("there is no file {}", path.string()));
  return *std::move(text);
}

}  // namespace

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

unsigned next_generation(const fs::path& certificate) {
  const auto numbers = generations_in(certificate);
  return numbers.empty() ? 1 : numbers.back() + 1;
}

void write_generation(const fs::path& certificate, const Generation& generation) {
  files::make_folder(certificate, passage_mode);
  const auto place = certificate / generation_name(generation.number);
  const auto fresh = files::temporary_beside(place);
  const Unfinished unfinished(fresh);
  if (::mkdir(fresh.c_str(), private_folder_mode) != 0) {
    throw fs::filesystem_error("mkdir", fresh, std::error_code(errno, std::generic_category()));
  }
  const auto meta = json::dump_readable(to_json(generation.meta));
  // The folder's own mode is synced together with its contents.
  fs::permissions(fresh, static_cast<fs::perms>(watched_mode));
  const auto& files = generation.files;
  std::vector<files::NewFile> written = {{"cert.pem", files.certificate, public_file_mode},
                                         {"chain.pem", files.chain, public_file_mode},
                                         {"fullchain.pem", files.full_chain, public_file_mode},
                                         {"meta.json", meta, public_file_mode}};
  if (generation.meta.key_uri.empty()) {
    written.insert(written.begin(), {"privkey.pem", files.private_key.reveal(), private_file_mode});
  }
  files::write_together(fresh, written);
  fs::rename(fresh, place);
  files::sync_folder(certificate);
}

Generation read_generation(const fs::path& certificate, unsigned number) {
  const auto folder = certificate / generation_name(number);
  auto meta = read_generation_meta(certificate, number);
  auto key = meta.key_uri.empty() ? Secret(content(folder / "privkey.pem")) : Secret();
  return {
      number,
      std::move(meta),
      {std::move(key), content(folder / "cert.pem"), content(folder / "chain.pem"), content(folder / "fullchain.pem")}};
}

GenerationMeta read_generation_meta(const fs::path& certificate, unsigned number) {
  const auto text = files::read(certificate / generation_name(number) / "meta.json").value_or("");
  return generation_meta_from_json(json::parse(text).value_or(json::Value()));
}

std::optional<Issued> newest_generation(const fs::path& certificate) {
  for (const auto number : generations_in(certificate) | std::views::reverse) {
    const auto path = certificate / generation_name(number) / "cert.pem";
    try {
      const auto leaf = crypto::parse_chain(content(path)).front();
      const auto meta = read_generation_meta(certificate, number);
      return Issued{number,        meta.directory_url, meta.key_type,    meta.domains,
                    leaf.serial(), leaf.not_before(),  leaf.not_after(), std::max(meta.issued_at, leaf.not_before()),
                    std::nullopt,  meta.key_uri};
    } catch (const Error& error) {
      log::error(fmt::format("{}: {}", path.string(), error.what()));
    }
  }
  return std::nullopt;
}

void close_keys_to_others(const fs::path& certificate) {
  for (const auto number : generations_in(certificate)) {
    const auto key = certificate / generation_name(number) / "privkey.pem";
    struct stat status {};
    if (::lstat(key.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & others) == 0) continue;
    ::chmod(key.c_str(), status.st_mode & 07777 & ~others);
  }
}

void remove_old_generations(const fs::path& certificate, const std::set<unsigned>& needed) {
  const auto numbers = generations_in(certificate);
  for (std::size_t i = 0; i + generations_kept < numbers.size(); ++i) {
    if (!needed.contains(numbers[i])) fs::remove_all(certificate / generation_name(numbers[i]));
  }
}

}  // namespace acmed::store
