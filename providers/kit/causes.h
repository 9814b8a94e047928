// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "providers/provider.h"

/// The causes of failures that a provider acts upon (Error::cause()): what one place makes and another looks at. What a
/// provider's callers act upon stands in provider.h.
namespace acmed::providers::cause {

inline constexpr std::string_view of_transport = "curl:";         ///< how they begin: no answer came
inline constexpr std::string_view of_tls = "tls:";                ///< likewise: the server is not who it should be
inline constexpr std::string_view of_program = "process:";        ///< likewise: the program cannot be run
inline constexpr std::string_view closed_in_silence = "curl:52";  ///< the server closed the connection without a word
inline constexpr std::string_view no_answer_in_time = "curl:28";
inline constexpr std::string_view unsigned_answer = "tsig:unsigned";
inline constexpr std::string_view unknown_key = "tsig:BADKEY";
inline constexpr std::string_view wrong_signature = "tsig:BADSIG";
inline constexpr const char* program_timeout = "lego-exec:timeout";

inline constexpr std::string_view of_http = "http:";  ///< how a status begins

/// "http:503": what HttpApi makes of an answer's status.
inline std::string of_status(int status) {
  return fmt::format("http:{}", status);
}

}  // namespace acmed::providers::cause
