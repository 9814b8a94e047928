// SPDX-License-Identifier: Apache-2.0
#include "config/secrets.h"

#include <fmt/format.h>

#include <cstdlib>

#include "config/checked.h"
#include "config/files.h"

namespace acmed::config {
namespace {

constexpr std::string_view forms = R"("text", { file = "PATH" }, { credential = "NAME" } or { env = "VARIABLE" })";

Checked<Secret> secret_from(Checked<> read, const std::string& source) {
  if (!read.good()) return {{}, read.fault};
  if (read.value.ends_with('\n')) read.value.pop_back();
  if (read.value.empty()) return {{}, fmt::format("{} is empty", source)};
  return {Secret(std::move(read.value)), {}};
}

Checked<Secret> from_file(const Text& file) {
  const auto path = absolute_path(file.value, file.place);
  return secret_from(named_file(path, true), path.string());
}

/// systemd has set the owner and the mode of a credential, so these are not looked at.
Checked<Secret> from_credential(const Text& name) {
  if (name.value.find('/') != std::string::npos || name.value == "." || name.value == "..") {
    return {{}, in_quotes(name.value) + " is no name of a credential; a name has no \"/\""};
  }
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') {
    return {{},
            fmt::format("$CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit with LoadCredential={}:PATH",
                        name.value)};
  }
  const auto path = std::filesystem::path(folder) / name.value;
  auto read = named_file(path, false);
  if (!read.good() && !std::filesystem::exists(path)) {
    read.fault = fmt::format("there is no credential {}; add LoadCredential={}:PATH to the unit", in_quotes(name.value),
                             name.value);
  }
  return secret_from(std::move(read), path.string());
}

Checked<Secret> from_environment(const Text& variable) {
  const char* value = std::getenv(variable.value.c_str());
  if (value == nullptr) return {{}, fmt::format("the environment has no variable {}", variable.value)};
  return secret_from({value, {}}, "the environment variable " + variable.value);
}

}  // namespace

std::optional<SecretText> read_secret(Reader& reader, std::string_view key) {
  const auto* node = reader.node(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as<std::string>()) {
    if (text->empty()) {
      reader.fault(node->place, key, "the secret is empty");
    } else if (open_to_everyone(node->place.file)) {
      reader.fault(node->place, key,
                   fmt::format("the secret stands in a file that is open to every user of this host; "
                               "run: chmod o= {}, or write {{ file = \"PATH\" }}",
                               node->place.file));
    } else {
      return SecretText{Secret(*text), node->place};
    }
    return std::nullopt;
  }
  const auto* table = node->as<Table>();
  if (table == nullptr) {
    reader.fault_of_kind(*node, key, forms);
    return std::nullopt;
  }
  Reader source(*table, node->place, reader.name_of(key), reader.faults());
  const auto file = source.text("file");
  const auto credential = source.text("credential");
  const auto variable = source.text("env");
  source.end();
  if (table->size() != 1) {
    source.fault("", fmt::format("a secret has one source: {}", forms));
    return std::nullopt;
  }
  if (!file && !credential && !variable) return std::nullopt;
  auto secret = file ? from_file(*file) : credential ? from_credential(*credential) : from_environment(*variable);
  if (!secret.good()) {
    source.fault(table->front().node.place, table->front().key, secret.fault);
    return std::nullopt;
  }
  return SecretText{std::move(secret.value), node->place};
}

}  // namespace acmed::config
