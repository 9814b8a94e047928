// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/journal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"

namespace acmed::deploy {
namespace {

/// A journal lists the few files of a target.
constexpr std::size_t largest_journal = std::size_t{64} * 1024;

// As text: a JSON number has fewer bits.
template <class Number>
std::optional<Number> number_in(const json::Value& value) {
  const auto text = value.text_or();
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Journal> parse(const std::string& text) {
  const auto value = json::parse(text);
  if (!value || value->as_object() == nullptr) return std::nullopt;
  const auto inode = number_in<std::uint64_t>((*value)["inode"]);
  Journal journal{(*value)["directory"].text_or(), inode.value_or(0), (*value)["stage"].text_or(), {}};
  if (!inode || journal.directory.empty() || journal.stage.empty()) return std::nullopt;
  for (const auto& entry : (*value)["files"].elements()) {
    const auto file = number_in<std::uint64_t>(entry["inode"]);
    const auto written = number_in<std::int64_t>(entry["written"]);
    Journal::Replacement replacement{
        entry["name"].text_or(), entry["existed"].bool_or(true), {file.value_or(0), written.value_or(0)}};
    const bool is_plain = !replacement.name.empty() && replacement.name.find('/') == std::string::npos;
    if (!file || !written || !is_plain) return std::nullopt;
    journal.replacements.push_back(std::move(replacement));
  }
  return journal;
}

}  // namespace

std::vector<TargetName> targets_with_journals(const std::filesystem::path& folder) {
  std::vector<TargetName> targets;
  for (const auto& name : files::names_in(folder)) {
    if (name.starts_with('.') || !name.ends_with(".json")) continue;
    const auto text = files::read(folder / name, largest_journal, files::Links::refused);
    const auto value = json::parse(text.value_or(""));
    if (!value) continue;
    TargetName target{(*value)["certificate"].text_or(), (*value)["target"].text_or()};
    // It is found again by these names.
    if (JournalFile(folder, target.certificate, target.target).path() == folder / name) {
      targets.push_back(std::move(target));
    }
  }
  return targets;
}

Journal::Identity Journal::Identity::of(const struct stat& status) {
  constexpr std::int64_t nanoseconds = 1'000'000'000;
  return {status.st_ino, status.st_mtim.tv_sec * nanoseconds + status.st_mtim.tv_nsec};
}

JournalFile::JournalFile(const std::filesystem::path& folder, std::string certificate, std::string target)
    : certificate_(std::move(certificate)),
      target_(std::move(target)),
      path_(folder / (crypto::hex(crypto::sha256(certificate_ + "/" + target_)).substr(0, 32) + ".json")) {}

std::optional<Journal> JournalFile::read() const {
  const auto text = files::read(path_, largest_journal, files::Links::refused);
  if (!text) return std::nullopt;
  auto journal = parse(*text);
  if (!journal) {
    const auto aside = files::set_aside(path_);
    log::error(fmt::format("the journal of a deployment of {} to the target {} is damaged and was set aside as {}: if "
                           "acmed was killed in the middle of it, the target may have files that do not belong "
                           "together until the next deployment",
                           certificate_, target_, aside.string()),
               {{"ACMED_CERTIFICATE", certificate_}, {"ACMED_TARGET", target_}});
  }
  return journal;
}

void JournalFile::write(const Journal& journal) const {
  json::Array list;
  for (const auto& replacement : journal.replacements) {
    list.emplace_back(json::Object{{"name", replacement.name},
                                   {"existed", replacement.existed},
                                   {"inode", std::to_string(replacement.now.inode)},
                                   {"written", std::to_string(replacement.now.written)}});
  }
  const json::Object whole{{"certificate", certificate_},
                           {"target", target_},
                           {"directory", journal.directory.string()},
                           {"inode", std::to_string(journal.inode)},
                           {"stage", journal.stage},
                           {"files", std::move(list)}};
  files::write_durably(path_, json::dump(whole), 0600);
}

void JournalFile::remove() const {
  if (::unlink(path_.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw Retry(fmt::format("file:{}", errno), system_error_sentence("remove " + path_.string(), errno));
  }
  files::sync_folder(path_.parent_path());
}

}  // namespace acmed::deploy
