// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/import/import.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/files.h"
#include "base/secret_list.h"
#include "config/load.h"
#include "daemon/acmectl/import/apply.h"
#include "daemon/acmectl/import/found.h"
#include "daemon/acmectl/import/writer.h"
#include "daemon/acmectl/session.h"
#include "daemon/state_owner.h"

namespace acmed::acmectl::import {
namespace {

namespace fs = std::filesystem;

constexpr mode_t configuration_mode = 0640;
constexpr mode_t secret_mode = 0400;
constexpr std::size_t longest_sentence = 2048;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

fs::path usual_folder(const std::string& client) {
  if (client == "certbot") return "/etc/letsencrypt";
  if (client == "lego") {
    const auto told = environment("LEGO_PATH");
    return told.empty() ? fs::path(".lego") : fs::path(told);
  }
  const auto told = environment("LE_WORKING_DIR");
  return told.empty() ? fs::path(environment("HOME")) / ".acme.sh" : fs::path(told);
}

Found find(const std::string& client, const fs::path& folder) {
  return client == "certbot" ? find_certbot(folder) : client == "lego" ? find_lego(folder) : find_acme_sh(folder);
}

/// The root of a private CA, where the other client was told it by its environment.
std::string trust_of(const std::string& client) {
  return environment(client == "certbot" ? "REQUESTS_CA_BUNDLE"
                     : client == "lego"  ? "LEGO_CA_CERTIFICATES"
                                         : "CA_BUNDLE");
}

void note(std::string_view sentence) {
  tell(fmt::format("note: {}", fit_to_show(sentence, longest_sentence)));
}

/// Whether the file says nothing yet: it is not there, or has only comments, as the package lays it.
bool is_blank(const fs::path& file) {
  const auto text = files::read(file);
  if (!text) return true;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    const auto first = line.find_first_not_of(" \t\r");
    if (first != line.npos && line[first] != '#') return false;
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  return true;
}

/// Files for the daemon's user, whom the state directory belongs to.
void give_to_owner_of(const fs::path& state_directory, const fs::path& file, bool whole) {
  struct stat status {};
  if (::geteuid() != 0 || ::stat(state_directory.c_str(), &status) != 0) return;
  if (::chown(file.c_str(), whole ? status.st_uid : static_cast<uid_t>(-1), status.st_gid) != 0) {
    throw Retry(fmt::format("file:{}", errno), system_error_sentence("change the owner of " + file.string(), errno));
  }
}

void write(const Written& written, const fs::path& config) {
  files::make_folder(config.parent_path(), 0750);
  const auto state_directory = config::state_directory_of(config);
  for (const auto& secret : written.secrets) {
    files::write_durably(secret.path, secret.content.reveal() + "\n", secret_mode);
    give_to_owner_of(state_directory, secret.path, true);
    tell(fmt::format("written: {}", secret.path.string()));
  }
  if (files::read(config)) fs::rename(config, config.string() + ".before-import");
  files::write_durably(config, written.toml, configuration_mode);
  give_to_owner_of(state_directory, config, false);
  tell(fmt::format("written: {}", config.string()));
}

/// Writes the configuration, unless there is one; then takes over what it wants.
int apply(const Wish& wish, const Found& found, const Written& written, const fs::path& folder) {
  if (is_blank(wish.config)) {
    if (!written.missing.empty()) {
      for (const auto& missing : written.missing) note(missing);
      tell(
          fmt::format("nothing was changed, since the configuration is not whole: acmectl import {} {} > {}, fill in "
                      "what is missing, and call this again",
                      wish.client, folder.string(), wish.config.string()));
      return exit_failing;
    }
    write(written, wish.config);
  } else {
    note(fmt::format("{} is there already and stays as it is; what it wants is taken over", wish.config.string()));
  }
  become_owner_of(config::state_directory_of(wish.config));
  const auto taken = take_over(found, config::load(wish.config));
  for (const auto& done : taken.done) tell("taken over: " + fit_to_show(done, longest_sentence));
  for (const auto& left : taken.left_out) tell("not taken over: " + fit_to_show(left, longest_sentence));
  return taken.left_out.empty() ? exit_well : exit_failing;
}

}  // namespace

int run(const Wish& wish) {
  const auto folder = fs::absolute(wish.path.empty() ? usual_folder(wish.client) : wish.path).lexically_normal();
  const auto found = find(wish.client, folder);
  const auto config = fs::absolute(wish.config).lexically_normal();
  const auto result = written(found, config.parent_path(), trust_of(wish.client));
  for (const auto& remark : found.remarks) note(remark);
  if (wish.apply) return apply(wish, found, result, folder);
  print(result.toml);
  for (const auto& secret : result.secrets) {
    note(fmt::format("{} is a secret that --apply writes", secret.path.string()));
  }
  for (const auto& missing : result.missing) note(missing);
  return result.missing.empty() ? exit_well : exit_failing;
}

}  // namespace acmed::acmectl::import
