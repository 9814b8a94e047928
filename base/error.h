// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/time.h"

namespace acmed {

/// Whom a failure is about, and who asked for the pause that it carries.
enum class Party {
  host,          ///< this host: its files, its clock, its configuration
  ca,            ///< the ACME server
  dns_operator,  ///< the API or primary server that changes the zone
  name_server,   ///< a server that serves the zone, or a resolver
  target         ///< what a certificate is deployed to
};

/// A failure: one sentence that says what happened and how to mend it, a cause for programs, and an answer to the
/// scheduler's one question: what can be done about it.
class Error : public std::runtime_error {
 public:
  enum class Advice {
    retry,     ///< may go away on its own: try again after the usual pause
    refused,   ///< only the operator can mend it: try rarely
    throttled  ///< a limit was hit: do not try again before not_before()
  };

  /// `sentence` may contain foreign text: it is made fit to show, that is one line of at most 2 KiB without control
  /// characters and without any known secret (base/secret_list.h).
  Error(Advice advice, std::string cause, const std::string& sentence, std::optional<Time> not_before = std::nullopt,
        std::optional<Party> party = std::nullopt);

  Advice advice() const noexcept { return advice_; }

  /// Where the failure comes from, for programs: "acme:rateLimited", "dns:REFUSED", "tsig:BADKEY", "http:503",
  /// "curl:7".
  const std::string& cause() const noexcept { return cause_; }

  /// The earliest time at which a retry is welcome, when the peer named one (Retry-After).
  std::optional<Time> not_before() const noexcept { return not_before_; }

  /// Party::host when nobody set one.
  Party party() const noexcept { return party_.value_or(Party::host); }

  /// A copy with "CONTEXT: " before its sentence (unless `context` is empty), and about `party` unless a party is
  /// already set.
  Error said_in(Party party, const std::string& context) const;

  /// Like said_in, as an exception to throw: a Retry, Refused or Throttled, or the derived class itself where it
  /// overrides this. To add context to a task that is awaited use in_context (base/runtime/in_context.h).
  virtual std::exception_ptr in_context(Party party, const std::string& context) const;

 private:
  Advice advice_;
  std::string cause_;
  std::optional<Time> not_before_;
  std::optional<Party> party_;
};

/// A failure that may go away on its own.
class Retry : public Error {
 public:
  Retry(std::string cause, const std::string& sentence, std::optional<Time> not_before = std::nullopt)
      : Error(Advice::retry, std::move(cause), sentence, not_before) {}

 private:
  friend class Error;
  explicit Retry(const Error& error) : Error(error) {}
};

/// A failure that only the operator can mend.
class Refused : public Error {
 public:
  Refused(std::string cause, const std::string& sentence) : Error(Advice::refused, std::move(cause), sentence) {}

 private:
  friend class Error;
  explicit Refused(const Error& error) : Error(error) {}
};

/// A limit of the peer was hit.
class Throttled : public Error {
 public:
  Throttled(std::string cause, const std::string& sentence, std::optional<Time> not_before,
            std::optional<Party> party = std::nullopt)
      : Error(Advice::throttled, std::move(cause), sentence, not_before, party) {}

 private:
  friend class Error;
  explicit Throttled(const Error& error) : Error(error) {}
};

/// The work was cancelled. Not a failure: never logged as one, and not caught by `catch (const Error&)`.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

/// The sentence for a failed system call: "cannot DOING PATH: REASON".
std::string system_error_sentence(const std::string& doing, int error_number);

}  // namespace acmed
