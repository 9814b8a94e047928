// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/credential_process.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/foreign_text.h"
#include "base/json.h"
#include "base/runtime/command.h"
#include "base/runtime/in_context.h"

namespace acmed::providers::route53 {
namespace {

constexpr Duration limit = std::chrono::minutes(1);
constexpr std::size_t longest_quote = 150;
constexpr std::array<const char*, 15> inherited = {
    "HOME",        "AWS_PROFILE",   "AWS_REGION",      "HTTP_PROXY", "http_proxy", "AWS_DEFAULT_REGION",
    "HTTPS_PROXY", "https_proxy",   "AWS_CONFIG_FILE", "NO_PROXY",   "no_proxy",   "AWS_SHARED_CREDENTIALS_FILE",
    "LANG",        "AWS_CA_BUNDLE", "SSL_CERT_FILE",
};

std::vector<Secret> environment_for(const Environment& environment) {
  std::vector<Secret> variables;
  for (const char* name : inherited) {
    const auto value = environment(name);
    if (!value.empty()) variables.emplace_back(fmt::format("{}={}", name, value));
  }
  return variables;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// What it prints (AWS SDKs and Tools Reference Guide, "Process credential provider"); nothing when it is something
/// else.
std::optional<Credentials> credentials_in(const std::string& output) {
  const auto printed = json::parse(output).value_or(json::Value());
  if (printed["Version"].integer_or(0) != 1) return std::nullopt;
  Credentials credentials;
  credentials.key_id = printed["AccessKeyId"].text_or();
  credentials.secret_key = Secret(printed["SecretAccessKey"].text_or());
  credentials.session_token = Secret(printed["SessionToken"].text_or());
  const auto expiration = printed["Expiration"].text_or();
  credentials.expires = parse_rfc3339(expiration);
  const bool whole = !credentials.key_id.empty() && !credentials.secret_key.empty();
  if (!whole || (!expiration.empty() && !credentials.expires)) return std::nullopt;
  return credentials;
}

}  // namespace

std::vector<std::string> words_of_command(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '\0' && is_blank(c)) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (!word) word.emplace();
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < line.size() &&
                         (quote == '\0' || line[i + 1] == '"' || line[i + 1] == '\\');
    if (escapes) {
      *word += line[++i];
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else {
      *word += c;
    }
  }
  if (quote != '\0') throw Refused("aws:credentials", "a quote in credential_process is not closed");
  if (word) words.push_back(*std::move(word));
  if (words.empty()) throw Refused("aws:credentials", "credential_process names no program");
  return words;
}

Task<Credentials> from_credential_process(std::string profile, std::string line, Environment environment) {
  Command command;
  command.argv = words_of_command(line);
  command.environment = environment_for(environment);
  command.limit = limit;
  command.separate_errors = true;
  const auto program = one_line(command.argv.front(), longest_quote);
  const auto context = fmt::format("credential_process of the AWS profile {}", profile);
  const auto result = co_await in_context(Party::host, context, run_command(std::move(command)));
  if (!result.succeeded()) {
    const auto last = last_words(result.errors, longest_quote);
    throw Retry("aws:credentials", fmt::format("{}: {} {}{}", context, program, result.outcome(limit),
                                               last.empty() ? ", without a word" : ": " + last));
  }
  auto credentials = credentials_in(result.output);
  if (!credentials) {
    throw Retry("aws:credentials",
                fmt::format("{}: {} does not print credentials as AWS's tools want them: JSON with Version 1, "
                            "AccessKeyId, SecretAccessKey, and SessionToken and Expiration where they end",
                            context, program));
  }
  credentials->origin = "credential_process of profile " + profile;
  co_return *std::move(credentials);
}

}  // namespace acmed::providers::route53
