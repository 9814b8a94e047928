// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/time.h"

namespace acmed {

/// Whom a failure is about, and who asked for the pause that it names.
enum class Party {
  host,          ///< this host: its files, its clock, its configuration
  ca,            ///< the ACME server
  dns_operator,  ///< the API or primary server that changes the zone
  name_server,   ///< a server that shows the zone, or a resolver
  target         ///< what a certificate is deployed to
};

/// A failure. It says in one sentence what happened and how to mend it, names its cause for machines, and answers the
/// one question of the scheduler: what can be done about it.
class Error : public std::runtime_error {
 public:
  enum class Advice {
    retry,     ///< may pass by itself: try again after the usual pause
    refused,   ///< only the operator can mend it: try rarely
    throttled  ///< a limit was hit: try again at not_before(), not sooner
  };

  /// `sentence` may hold what others wrote: it is made fit to be shown, in one line of at most 2 KiB, without control
  /// characters and without the secrets that are known (base/secret_list.h).
  Error(Advice advice, std::string cause, const std::string& sentence, std::optional<Time> not_before = std::nullopt,
        std::optional<Party> party = std::nullopt);

  Advice advice() const noexcept { return advice_; }

  /// Where the failure comes from, for programs: "acme:rateLimited", "dns:REFUSED", "tsig:BADKEY", "http:503",
  /// "curl:7".
  const std::string& cause() const noexcept { return cause_; }

  /// The earliest time at which a new try is welcome, when the other side named one (Retry-After).
  std::optional<Time> not_before() const noexcept { return not_before_; }

  /// The host, where nobody said otherwise.
  Party party() const noexcept { return party_.value_or(Party::host); }

  /// The same with "CONTEXT: " before its sentence, unless `context` is empty, and about `party` where nobody has said
  /// yet whom it is about.
  Error said_in(Party party, const std::string& context) const;

  /// As said_in, to be thrown: as Retry, Refused or Throttled, or as the class itself where it sees to that. Who awaits
  /// a task calls in_context (base/runtime/in_context.h).
  virtual std::exception_ptr in_context(Party party, const std::string& context) const;

 private:
  Advice advice_;
  std::string cause_;
  std::optional<Time> not_before_;
  std::optional<Party> party_;
};

/// A failure that may pass by itself.
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

/// A limit of the other side was hit.
class Throttled : public Error {
 public:
  Throttled(std::string cause, const std::string& sentence, std::optional<Time> not_before,
            std::optional<Party> party = std::nullopt)
      : Error(Advice::throttled, std::move(cause), sentence, not_before, party) {}

 private:
  friend class Error;
  explicit Throttled(const Error& error) : Error(error) {}
};

/// The work was called off. Not a failure: it is never logged as one, and passes through every `catch (const Error&)`.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

/// The sentence for a failed system call: "cannot DOING PATH: REASON".
std::string system_error_sentence(const std::string& doing, int error_number);

}  // namespace acmed
