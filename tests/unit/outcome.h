// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"

namespace acmed {

/// "refused CAUSE SENTENCE", or retry or throttled in place of refused.
inline std::string text_of(const Error& error) {
  const auto* advice = error.advice() == Error::Advice::refused     ? "refused "
                       : error.advice() == Error::Advice::throttled ? "throttled "
                                                                    : "retry ";
  return advice + error.cause() + " " + error.what();
}

/// How the call ended: "made", or its error's text.
template <class Call>
std::string outcome_of(const Call& call) {
  try {
    call();
    return "made";
  } catch (const Error& error) {
    return text_of(error);
  }
}

}  // namespace acmed
