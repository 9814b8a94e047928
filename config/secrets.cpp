// SPDX-License-Identifier: Apache-2.0
#include "config/secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/crypto/encoding.h"
#include "base/error.h"
#include "base/secret_list.h"
#include "config/checked.h"
#include "config/files.h"

namespace acmed::config {
namespace {

constexpr std::size_t shortest_key = 16;
constexpr std::string_view forms = R"("text", { file = "PATH" }, { credential = "NAME" } or { env = "VARIABLE" })";

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Where the first octet is that `form` does not allow; nothing when there is none.
std::optional<std::size_t> forbidden_in(std::string_view text, SecretForm form) {
  const auto found = std::ranges::find_if(text, [form](char c) {
    if (form == SecretForm::text && (c == '\t' || c == '\r' || c == '\n')) return false;
    return (c >= 0 && c < 0x20) || c == 0x7f;
  });
  if (found == text.end()) return std::nullopt;
  return static_cast<std::size_t>(found - text.begin());
}

/// What is wrong with the octet of `text` at `place`, without telling what stands around it.
std::string fault_of_octet(std::string_view text, std::size_t place) {
  const char octet = text[place];
  if (octet == '\n' || octet == '\r') return "has more than one line; a secret is one line";
  return fmt::format("has a control character (0x{:02x}) as its octet {}", static_cast<unsigned char>(octet),
                     place + 1);
}

Checked<Secret> secret_from(Checked<> read, const std::string& source, SecretForm form) {
  if (!read.good()) return {{}, read.fault};
  std::string_view text = read.value;
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  text = text.substr(0, text.find_last_not_of(blanks) + 1);
  if (text.empty()) return {{}, fmt::format("{} is empty", source)};
  if (const auto place = forbidden_in(text, form)) return {{}, source + " " + fault_of_octet(text, *place)};
  return {Secret(std::string(text)), {}};
}

/// The secret in the file at `path`, also when it is another one later. `said` makes the fault of what is wrong now.
Checked<SecretSource> from_path(const std::filesystem::path& path, FileOf use, SecretForm form,
                                const std::function<std::string(const std::string&)>& said) {
  const auto look = [path, use, form] { return secret_from(named_file(path, use), path.string(), form); };
  const auto read = [look] {
    auto text = look();
    if (!text.good()) throw Refused("config:secret", text.fault);
    return std::move(text.value);
  };
  // An Error strikes what is known to be secret from its sentence, which might be a word in the path.
  if (const auto now = look(); !now.good()) return {{}, said(now.fault)};
  try {
    return {SecretSource(path, read), {}};
  } catch (const Refused& error) {
    return {{}, said(error.what())};
  }
}

Checked<SecretSource> from_file(const Text& file, SecretForm form) {
  const auto path = absolute_path(file.value, file.place);
  return from_path(path, FileOf::secret, form, [&](const std::string& fault) -> std::string {
    std::error_code error;
    const bool plainly_path = file.value.find('/') != std::string::npos && !may_be_secret(file.value);
    if (plainly_path || std::filesystem::exists(path, error)) return fault;
    return "there is no such file; the PATH of the file that holds the secret is wanted";
  });
}

/// systemd has set owner and mode of a credential, so these are not checked.
Checked<SecretSource> from_credential(const Text& name, SecretForm form) {
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
  return from_path(path, FileOf::manager, form, [&](const std::string& fault) -> std::string {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return fault;
    if (error) return hidden ? "cannot read the credential: " + error.message() : fault;
    return fmt::format("there is no {}; add LoadCredential={}:PATH to the unit",
                       hidden ? "such credential" : "credential " + in_quotes(name.value), shown);
  });
}

/// No key consists of capitals, digits and underscores only.
bool is_plainly_variable(std::string_view text) {
  return text.find('_') != std::string_view::npos &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

Checked<SecretSource> from_environment(const Text& variable, SecretForm form) {
  const char* value = std::getenv(variable.value.c_str());
  if (value == nullptr) {
    return {{},
            "the environment has no " +
                (is_plainly_variable(variable.value) ? "variable " + variable.value : std::string("such variable"))};
  }
  auto text = secret_from({value, {}}, "the environment variable " + variable.value, form);
  return {std::move(text.value), text.fault};
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

std::optional<PlacedSecret> read_secret(Reader& reader, std::string_view key, SecretForm form) {
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
    } else if (const auto place = forbidden_in(*text, form)) {
      reader.fault(node->place, key, "the secret " + fault_of_octet(*text, *place));
    } else {
      const Secret secret(*text);
      keep_out_of_texts(secret);
      return PlacedSecret{secret, node->place};
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
  auto secret = file         ? from_file(*file, form)
                : credential ? from_credential(*credential, form)
                             : from_environment(*variable, form);
  if (!secret.good()) {
    source.fault(entries.front().node.place, entries.front().key, secret.fault);
    return std::nullopt;
  }
  keep_out_of_texts(secret.value.latest());
  return PlacedSecret{std::move(secret.value), node->place};
}

SecretSource checked_secret(Reader& reader, std::string_view key, const PlacedSecret& secret,
                            const std::function<Checked<Secret>(const Secret&)>& check) {
  if (const auto now = check(secret.text()); !now.good()) {
    reader.fault(secret.place, key, now.fault);
    return {};
  }
  try {
    return secret.source.changed_by([check](const Secret& text) {
      auto checked = check(text);
      if (!checked.good()) throw Refused("config:secret", checked.fault);
      return std::move(checked.value);
    });
  } catch (const Refused& error) {
    reader.fault(secret.place, key, error.what());
    return {};
  }
}

}  // namespace acmed::config
