// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "config/suggest.h"
#include "daemon/acmectl/text.h"

namespace acmed::acmectl {
namespace {

struct OtherWord {
  std::string_view words;  ///< with a blank before and after each
  std::string_view mend;
};

/// What other clients, service managers and habit call it. WORD stands for the word itself.
constexpr auto other_words = std::to_array<OtherWord>({
    {" help ", "acmectl --help, or acmectl VERB --help"},
    {" version ", "acmectl --version"},
    {" list ls certificates certs ", "acmectl status"},
    {" info describe cert certificate ", "acmectl show NAME"},
    {" issue order obtain certonly run new force-renew ", "acmectl renew NAME"},
    {" install ", "acmectl deploy NAME"},
    {" log logs journal ", "journalctl -u acmed, or acmectl events"},
    {" start stop restart enable disable ", "systemctl WORD acmed"},
    {" check test validate lint ", "sudo -u acmed acmed --check"},
    {" once ", "sudo -u acmed acmed --once"},
    {" dns ", "acmectl doctor NAME"},
    {" add ", "a table [[certificate]] in the configuration, then acmectl reload"},
    {" remove delete rm forget ", "to take its table out of the configuration, then acmectl reload"},
    {" list-accounts ", "acmectl account list"},
});

constexpr auto verbs_of_acmectl =
    std::to_array<std::string_view>({"status", "show", "events", "doctor", "metrics", "config", "renew", "deploy",
                                     "revoke", "account", "reload", "import", "completion"});

/// What to type instead; empty when nobody calls anything so.
std::string mend_of(const std::string& word) {
  const auto* found = std::ranges::find_if(other_words, [blanks = " " + word + " "](const OtherWord& each) {
    return each.words.find(blanks) != std::string_view::npos;
  });
  if (found == other_words.end()) return {};
  constexpr std::string_view itself = "WORD";
  std::string mend(found->mend);
  if (const auto at = mend.find(itself); at != std::string::npos) mend.replace(at, itself.size(), word);
  return mend;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (name != "help") names.push_back("--" + name);
    }
  }
  return names;
}

/// "acmectl", or "acmectl renew".
std::string name_of(const CLI::App& app, const CLI::App* verb) {
  return verb == nullptr ? app.get_name() : app.get_name() + " " + verb->get_name();
}

std::string unknown_option(const CLI::App& app, const CLI::App* verb, const std::string& word) {
  const auto option = word.substr(0, word.find('='));
  auto known = options_of(verb == nullptr ? app : *verb);
  const auto own = known;
  if (verb != nullptr && std::ranges::find(known, option) != known.end()) {
    return fmt::format("{0} stands behind its verb: {1} {0}", option, name_of(app, verb));
  }
  if (verb != nullptr) std::ranges::copy(options_of(app), std::back_inserter(known));
  auto hint = config::did_you_mean(option, known);
  if (hint.empty() && !own.empty()) hint = "; it has " + config::listed(own, "and");
  return fmt::format("{} has no option {}{}", name_of(app, verb), clean(option), hint);
}

std::string missing_word(const CLI::App& app, const CLI::App* verb, const std::string& what) {
  const auto* option = (verb == nullptr ? &app : verb)->get_option_no_throw(what);
  const auto told = option == nullptr ? std::string() : option->get_description();
  if (what == "NAME") {
    return fmt::format("{} wants the name of a certificate; acmectl status tells them", name_of(app, verb));
  }
  return fmt::format("{} wants {}{}{}", name_of(app, verb), what, told.empty() ? "" : ": ", told);
}

}  // namespace

std::string unknown_verb(const std::string& word, const std::vector<std::string>& verbs) {
  if (const auto mend = mend_of(word); !mend.empty()) {
    return fmt::format("there is no verb \"{}\"; it is {}", clean(word), mend);
  }
  return fmt::format("there is no verb \"{}\"{}", clean(word), config::did_you_mean(word, verbs));
}

std::string own_verb(const std::string& word) {
  if (std::ranges::find(verbs_of_acmectl, word) != verbs_of_acmectl.end()) {
    return fmt::format("acmed is the service; it is told and asked by acmectl: acmectl {}", word);
  }
  const auto mend = mend_of(word);
  return mend.empty() ? mend : fmt::format("acmed knows no \"{}\"; it is {}", clean(word), mend);
}

std::string with_rights(std::string sentence, std::string_view how) {
  constexpr std::string_view denied = "Permission denied";
  if (::geteuid() != 0 && sentence.find(denied) != std::string::npos) sentence += fmt::format("; {}", how);
  return sentence;
}

std::string not_one_of(const std::string& word, const std::vector<std::string>& words) {
  if (std::ranges::find(words, word) != words.end()) return {};
  auto hint = config::did_you_mean(word, words);
  if (hint.empty()) hint = "; there is " + config::listed(words, "and");
  return fmt::format("\"{}\" is not known{}", clean(word), hint);
}

std::string usage_fault(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App* const verb = chosen.empty() ? nullptr : chosen.front();
  auto rest = app.remaining();
  if (verb != nullptr) std::ranges::copy(verb->remaining(), std::back_inserter(rest));
  const std::string said = error.what();
  const bool lacks_word = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool has_extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const auto option = std::ranges::find_if(rest, [](const std::string& word) { return word.starts_with('-'); });
  if ((has_extra || lacks_word) && option != rest.end()) return unknown_option(app, verb, *option);
  if (verb == nullptr && (has_extra || lacks_word)) {  // acmed has no verbs, and takes every word
    std::vector<std::string> verbs;
    for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; }))
      verbs.push_back(each->get_name());
    return rest.empty() ? "say what to do: " + config::listed(verbs) : unknown_verb(rest.front(), verbs);
  }
  if (lacks_word) {
    constexpr std::string_view end = " is required";
    return missing_word(app, verb, said.substr(0, said.find(end)));
  }
  if (has_extra && !rest.empty()) {
    return fmt::format("\"{}\" is a word too many for {}", clean(rest.front()), name_of(app, verb));
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return fmt::format("{} wants a value", clean(said.substr(0, said.find(':'))));
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {  // "Could not convert: --once = web"
    const auto begin = said.find("--");
    const auto name = begin == std::string::npos ? said : said.substr(begin, said.find_first_of(" =", begin) - begin);
    return fmt::format("{} takes no such value", clean(name));
  }
  return clean(said);
}

}  // namespace acmed::acmectl
