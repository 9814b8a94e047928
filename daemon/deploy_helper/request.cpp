// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"

namespace acmed::deploy_helper {
namespace {

constexpr std::array<std::pair<std::string_view, Operation>, 8> operations = {
    {{"install", Operation::install},
     {"reason_to_stay", Operation::reason_to_stay},
     {"keep", Operation::keep},
     {"put_back", Operation::put_back},
     {"test", Operation::test},
     {"apply", Operation::apply},
     {"hook", Operation::hook},
     {"rollback_hook", Operation::rollback_hook}}};
constexpr std::size_t longest_name = 255;
constexpr std::int64_t highest_generation = 999'999'999;

[[noreturn]] void refuse(const std::string& why) {
  throw Refused("helper:request", "this is no request that can be carried out: " + why);
}

/// An object with exactly these members.
const json::Object& object_with(const json::Value& value, const std::vector<std::string_view>& keys) {
  const auto* object = value.as_object();
  if (object == nullptr) refuse("an object is wanted");
  for (const auto& [key, member] : *object) {
    if (std::ranges::find(keys, key) == keys.end()) refuse("there is a member that is not known");
  }
  for (const auto key : keys) {
    if (!object->contains(key)) refuse(fmt::format("\"{}\" is missing", key));
  }
  return *object;
}

std::string name_in(const json::Value& value) {
  const auto* text = value.as_string();
  if (text == nullptr || text->empty() || text->size() > longest_name || text->find('\0') != text->npos) {
    refuse("a name is wanted, and something else was found");
  }
  return *text;
}

std::int64_t number_in(const json::Value& value, std::int64_t least, std::int64_t most) {
  const auto* number = value.as_integer();
  if (number == nullptr || *number < least || *number > most)
    refuse("a number is wanted, and something else was found");
  return *number;
}

SubjectName subject_in(const json::Value& value) {
  object_with(value, {"certificate", "target", "generation"});
  return {name_in(value["certificate"]), name_in(value["target"]),
          static_cast<unsigned>(number_in(value["generation"], 1, highest_generation))};
}

Operation operation_in(const json::Value& value) {
  const auto* word = value.as_string();
  const auto* found = std::ranges::find_if(
      operations, [word](const auto& operation) { return word != nullptr && operation.first == *word; });
  if (found == operations.end()) refuse("there is no such operation");
  return found->second;
}

std::string_view word_for(Operation operation) {
  return std::ranges::find_if(operations, [operation](const auto& each) { return each.second == operation; })->first;
}

}  // namespace

bool takes_many(Operation operation) {
  return operation == Operation::test || operation == Operation::hook || operation == Operation::rollback_hook;
}

bool needs_contents(Operation operation) {
  return operation == Operation::install || takes_many(operation);
}

std::string to_line(const Request& request) {
  json::Array subjects;
  for (const auto& subject : request.subjects) {
    subjects.emplace_back(json::Object{{"certificate", subject.certificate},
                                       {"target", subject.target},
                                       {"generation", static_cast<std::int64_t>(subject.generation)}});
  }
  json::Object object{{"operation", word_for(request.operation)}, {"subjects", std::move(subjects)}};
  if (request.operation == Operation::apply) object.emplace("unit", request.unit);
  if (request.operation == Operation::reason_to_stay) object.emplace("worth_until", request.worth_until);
  return json::dump(object);
}

Request parse_request(std::string_view line) {
  if (line.size() > longest_request) refuse(fmt::format("it is longer than {} bytes", longest_request));
  const auto value = json::parse(line);
  if (!value || value->as_object() == nullptr) refuse("it is no JSON object");
  Request request;
  request.operation = operation_in((*value)["operation"]);
  std::vector<std::string_view> keys = {"operation", "subjects"};
  if (request.operation == Operation::apply) keys.emplace_back("unit");
  if (request.operation == Operation::reason_to_stay) keys.emplace_back("worth_until");
  object_with(*value, keys);
  const auto& subjects = (*value)["subjects"].elements();
  const std::size_t most = takes_many(request.operation) ? most_subjects : 1;
  if (subjects.empty() || subjects.size() > most) refuse(fmt::format("1 to {} subjects are wanted", most));
  for (const auto& subject : subjects) request.subjects.push_back(subject_in(subject));
  if (request.operation == Operation::apply) request.unit = name_in((*value)["unit"]);
  if (request.operation == Operation::reason_to_stay) {
    request.worth_until = number_in((*value)["worth_until"], INT64_MIN / 2, INT64_MAX / 2);
  }
  return request;
}

std::string to_line(const Answer& answer) {
  if (!answer.failure) return json::dump(json::Object{{"result", "done"}, {"text", answer.text}});
  const bool is_refused = answer.failure->advice() == Error::Advice::refused;
  return json::dump(json::Object{{"result", is_refused ? "refused" : "failed"},
                                 {"cause", answer.failure->cause()},
                                 {"sentence", std::string_view(answer.failure->what())}});
}

std::string progress_line() {
  return json::dump(json::Object{{"progress", "begun"}});
}

std::optional<Answer> parse_answer(std::string_view line) {
  const auto value = line.size() > longest_answer ? std::nullopt : json::parse(line);
  if (value && value->as_object() != nullptr) {
    if ((*value)["progress"].as_string() != nullptr) return std::nullopt;
    const auto result = (*value)["result"].text_or();
    const auto cause = (*value)["cause"].text_or("helper:answer");
    const auto sentence = (*value)["sentence"].text_or();
    if (result == "done") return Answer{std::nullopt, (*value)["text"].text_or()};
    if (result == "refused") return Answer{Refused(cause, sentence), {}};
    if (result == "failed") return Answer{Retry(cause, sentence), {}};
  }
  throw Retry("helper:answer", "acmed-deploy answered with something that is no answer");
}

}  // namespace acmed::deploy_helper
