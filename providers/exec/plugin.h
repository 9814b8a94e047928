// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/runtime/line_program.h"
#include "base/runtime/single_flight.h"
#include "config/provider_settings.h"
#include "providers/kit/foreign_words.h"

namespace acmed::providers::exec {

/// A plug-in's program and the conversation with it (PROTOCOL.md): started when it is first asked, started again after
/// it ended, at growing intervals when it fails at once. What it writes on standard error goes to the log.
class Plugin {
 public:
  /// `provider`: NAME of [provider.NAME]; `zones`: what it is configured for.
  Plugin(Loop& loop, const std::string& provider, const config::ExternalProgram& program,
         std::vector<std::string> zones);
  ~Plugin();

  /// Sends the request and gives the answer, which may be an error. `task`: for sentences, "change zone example.com".
  /// Throws Retry when no answer comes: then it is not known what was done. Throws what the program said when it would
  /// not start, Refused when it cannot be started.
  Task<json::Value> ask(json::Object request, std::string task);

  /// Whether the answer says that the program does not know the method.
  static bool is_unsupported(const json::Value& answer);

  /// Whether the answer is an error.
  static bool is_error(const json::Value& answer);
  Error error_in(const json::Value& answer, const std::string& task) const;

  /// For an answer that does not say what it must.
  Error nonsense(const std::string& what, const std::string& task) const;

  const ForeignWords& words() const noexcept { return words_; }
  const std::string& opening() const noexcept { return opening_; }  ///< "provider NAME: the plug-in PROGRAM"

  /// Ends the program without waiting for it; only when nothing is asked.
  void rest();
  /// Ends it and waits for its end.
  Task<> close();

 private:
  struct Request;
  using Requests = std::map<std::int64_t, std::shared_ptr<Request>>;

  bool is_ready() const noexcept;
  Task<> launch();
  Task<> await_pause();
  std::shared_ptr<LineProgram> make_program(std::vector<Secret> environment);
  void check_hello(const json::Value& answer);
  std::shared_ptr<Request> send(json::Object request, std::string task);
  static Task<json::Value> answer_to(std::shared_ptr<Request> request);
  void finish(Requests::iterator request);
  void fail_all(const std::string& cause, const std::string& what);
  void give_up(const std::string& cause, const std::string& what);
  void note_failure(const std::string& what);
  void end_failing(const std::string& what);

  void heard(std::string_view line);
  void heard_error(std::string_view line);
  void timed_out(std::int64_t id);
  void ended(const std::string& outcome);
  void tell_left_out();

  Loop& loop_;
  std::string provider_;
  std::string opening_;
  config::ExternalProgram of_program_;
  ForeignWords words_;
  std::vector<std::string> zones_;
  Duration limit_;

  std::shared_ptr<LineProgram> program_;
  bool ready_ = false;     ///< it has said hello
  bool proved_ = false;    ///< it has answered something since
  bool given_up_ = false;  ///< its end is our doing and accounted for
  std::size_t parallel_ = 1;
  std::int64_t last_id_ = 0;
  Requests under_way_;  ///< cancelled ones too until they are answered: the program is still busy with them
  Waiters changed_;     ///< told when the program can take a request, perhaps
  SingleFlight<> starting_;
  unsigned failures_ = 0;  ///< in a row, in which nothing was answered
  std::string last_failure_;
  Moment pause_until_ = Moment::min();

  std::string last_error_line_;
  Moment minute_ends_ = Moment::min();
  std::size_t lines_this_minute_ = 0;
};

}  // namespace acmed::providers::exec
