// SPDX-License-Identifier: Apache-2.0
#include "config/secrets.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/crypto/encoding.h"
#include "base/secret_list.h"
#include "config/checked.h"
#include "config/files.h"

namespace acmed::config {
namespace {

constexpr std::size_t shortest_key = 16;
constexpr std::string_view forms = R"("text", { file = "PATH" }, { credential = "NAME" } or { env = "VARIABLE" })";

Checked<Secret> secret_from(Checked<> read, const std::string& source) {
  if (!read.good()) return {{}, read.fault};
  if (read.value.ends_with('\n')) read.value.pop_back();
  if (read.value.empty()) return {{}, fmt::format("{} is empty", source)};
  return {Secret(std::move(read.value)), {}};
}

Checked<Secret> from_file(const Text& file) {
  const auto path = absolute_path(file.value, file.place);
  auto read = named_file(path, true);
  std::error_code error;
  const bool plainly_path = file.value.find('/') != std::string::npos && !may_be_secret(file.value);
  if (!read.good() && !plainly_path && !std::filesystem::exists(path, error)) {
    read.fault = "there is no such file; the PATH of the file that holds the secret is wanted";
  }
  return secret_from(std::move(read), path.string());
}

/// systemd has set owner and mode of a credential, so these are not checked.
Checked<Secret> from_credential(const Text& name) {
  if (name.value.find('/') != std::string::npos || name.value == "." || name.value == "..") {
    return {{}, "this is no name of a credential; a name has no \"/\""};
  }
  const bool hidden = may_be_secret(name.value);
  const std::string shown = hidden ? "NAME" : name.value;
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') {
    return {{},
            fmt::format("$CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit with LoadCredential={}:PATH",
                        shown)};
  }
  const auto path = std::filesystem::path(folder) / name.value;
  auto read = named_file(path, false);
  std::error_code error;
  if (!read.good() && !std::filesystem::exists(path, error)) {
    if (!error) {
      read.fault = fmt::format("there is no {}; add LoadCredential={}:PATH to the unit",
                               hidden ? "such credential" : "credential " + in_quotes(name.value), shown);
    } else if (hidden) {
      read.fault = "cannot read the credential: " + error.message();
    }
  }
  return secret_from(std::move(read), path.string());
}

/// No key consists of capitals, digits and underscores only.
bool is_plainly_variable(std::string_view text) {
  return text.find('_') != std::string_view::npos &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

Checked<Secret> from_environment(const Text& variable) {
  const char* value = std::getenv(variable.value.c_str());
  if (value == nullptr) {
    return {{},
            "the environment has no " +
                (is_plainly_variable(variable.value) ? "variable " + variable.value : std::string("such variable"))};
  }
  return secret_from({value, {}}, "the environment variable " + variable.value);
}

}  // namespace

bool may_be_secret(std::string_view text) {
  // Padded base64, "ALGORITHM:NAME:KEY" as nsupdate takes it, a key block.
  if (text.find_first_of("=:{}\" \t\r\n") != std::string_view::npos) return true;
  // Lower-case letters, "/" and "-" alone are base64 too, but very unlikely as a key.
  if (text.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+") == std::string_view::npos) return false;
  const auto octets = crypto::from_base64(text);
  return octets && octets->size() >= shortest_key;
}

std::optional<SecretText> read_secret(Reader& reader, std::string_view key) {
  const auto* node = reader.node(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as<std::string>()) {
    if (text->empty()) {
      reader.fault(node->place, key, "the secret is empty");
    } else if (open_to_everyone(node->place.file())) {
      reader.fault(node->place, key,
                   fmt::format("the secret stands in a file that is open to every user of this host; "
                               "run: chmod o= {}, or write {{ file = \"PATH\" }}",
                               node->place.file()));
    } else {
      SecretText found{Secret(*text), node->place};
      keep_out_of_texts(found.text);
      return found;
    }
    return std::nullopt;
  }
  if (node->as<Table>() == nullptr) {
    reader.fault(node->place, key, fmt::format("{} was found, {} is wanted", found_kind(*node), forms));
    return std::nullopt;
  }
  auto found_source = reader.secret_table(key);
  if (!found_source) return std::nullopt;
  auto& source = *found_source;
  const auto file = source.text("file");
  const auto credential = source.text("credential");
  const auto variable = source.text("env");
  source.end();
  const auto& entries = source.entries();
  if (entries.size() != 1) {
    source.fault("", fmt::format("a secret has one source: {}", forms));
    return std::nullopt;
  }
  if (!file && !credential && !variable) return std::nullopt;
  auto secret = file ? from_file(*file) : credential ? from_credential(*credential) : from_environment(*variable);
  if (!secret.good()) {
    source.fault(entries.front().node.place, entries.front().key, secret.fault);
    return std::nullopt;
  }
  keep_out_of_texts(secret.value);
  return SecretText{std::move(secret.value), node->place};
}

}  // namespace acmed::config
