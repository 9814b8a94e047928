// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/toml_writer.h"

#include <fmt/format.h>

#include <array>

namespace acmed::acmectl {
namespace {

bool is_bare(std::string_view key) {
  return !key.empty() &&
         key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == key.npos;
}

}  // namespace

std::string in_toml(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (octet < 0x20 || octet == 0x7f) {
      result += fmt::format("\\u{:04X}", octet);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string in_toml(const std::vector<std::string>& texts) {
  std::string result = "[";
  for (const auto& text : texts) result += (result.size() > 1 ? ", " : "") + in_toml(std::string_view(text));
  return result + "]";
}

std::string in_toml(Duration duration) {
  using namespace std::chrono_literals;
  static constexpr std::array<std::pair<Duration, const char*>, 5> units = {
      {{24h, "d"}, {1h, "h"}, {1min, "m"}, {1s, "s"}, {1ms, "ms"}}};
  for (const auto& [length, name] : units) {
    if (duration >= length && duration % length == Duration::zero()) {
      return fmt::format("\"{}{}\"", duration / length, name);
    }
  }
  return "\"0s\"";
}

void TomlWriter::head(std::string_view open, const std::vector<std::string>& name, std::string_view close) {
  if (!text_.empty()) text_ += '\n';
  text_ += std::string(indent_, ' ') + std::string(open);
  for (std::size_t i = 0; i < name.size(); ++i) {
    text_ += (i > 0 ? "." : "") + (is_bare(name[i]) ? name[i] : in_toml(std::string_view(name[i])));
  }
  text_ += std::string(close) + "\n";
}

void TomlWriter::table_of_list(const std::vector<std::string>& name, std::size_t indent) {
  indent_ = indent;
  head("[[", name, "]]");
}

void TomlWriter::gap() {
  indent_ = 0;
  if (!text_.empty()) text_ += '\n';
}

void TomlWriter::comment(std::string_view words) {
  text_ += std::string(indent_, ' ') + "# " + std::string(words) + "\n";
}

void TomlWriter::raw(std::string_view key, std::string_view value) {
  text_ +=
      std::string(indent_, ' ') + (is_bare(key) ? std::string(key) : in_toml(key)) + " = " + std::string(value) + "\n";
}

}  // namespace acmed::acmectl
