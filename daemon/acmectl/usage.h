// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

/// What is wrong with a command line, in one sentence with what was probably meant. Words of the command line are
/// cleaned.
namespace acmed::acmectl {

/// Of one that CLI11 refuses. `app`: the program's, after its parse().
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error);

/// That `word` is no verb of acmectl: what is meant by what other programs call so, else the nearest of `verbs`.
std::string unknown_verb(const std::string& word, const std::vector<std::string>& verbs);

/// That it is not acmed but acmectl that knows `word`, a verb or what others call one; empty when it does not.
std::string own_verb(const std::string& word);

/// `sentence`, with `how` to run the program where it tells that this user, who is not root, may not read something.
std::string with_rights(std::string sentence, std::string_view how);

/// That `word` is none of `words`; empty when it is one.
std::string not_one_of(const std::string& word, const std::vector<std::string>& words);

}  // namespace acmed::acmectl
