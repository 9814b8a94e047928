// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <system_error>

#include "base/secret_list.h"

namespace acmed {
namespace {

constexpr std::size_t longest_sentence = 2048;

}  // namespace

Error::Error(Advice advice, std::string cause, const std::string& sentence, std::optional<Time> not_before,
             std::optional<Party> party)
    : std::runtime_error(fit_to_show(sentence, longest_sentence)),
      advice_(advice),
      cause_(std::move(cause)),
      not_before_(not_before),
      party_(party) {}

Error Error::said_in(Party party, const std::string& context) const {
  return {advice_, cause_, context.empty() ? what() : context + ": " + what(), not_before_, party_.value_or(party)};
}

std::exception_ptr Error::in_context(Party party, const std::string& context) const {
  const auto said = said_in(party, context);
  switch (advice_) {
    case Advice::refused:
      return std::make_exception_ptr(Refused(said));
    case Advice::throttled:
      return std::make_exception_ptr(Throttled(said));
    case Advice::retry:
      break;
  }
  return std::make_exception_ptr(Retry(said));
}

std::string system_error_sentence(const std::string& doing, int error_number) {
  return "cannot " + doing + ": " + std::generic_category().message(error_number);
}

}  // namespace acmed
