// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "base/error.h"
#include "providers/route53/answer.h"
#include "providers/route53/change_batch.h"
#include "providers/route53/profile_files.h"
#include "providers/route53/record_set.h"

using namespace acmed;
using namespace acmed::providers;
using namespace acmed::providers::route53;

namespace {

/// All sets that an answer lists, as if each were to get a value of ours.
void read_sets(const xml::Element& element) {
  const auto set = listed_set(element);
  if (const auto name = name_in(set.name)) {
    auto after = set.set;
    after.records.push_back({quoted_string("value", Escapes::octal)});
    (void)batch_document({{*name, set.set, after}});
  }
  (void)sort_key(set.name);
  for (const auto& child : element.children) read_sets(child);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto document = xml::parse(text)) read_sets(*document);
  if (const auto value = text_in(text, Escapes::octal)) (void)quoted_string(*value, Escapes::octal);
  (void)parse_profiles(text, ProfileFile::config);
  const Purpose purpose{"do it", "allow it", "Answer"};
  http::Response response;
  response.status = 400;
  response.body = text;
  try {
    throw_refusal(read_answer(response, purpose, ForeignWords({}), Time()).error, purpose, nullptr, Time());
  } catch (const Error&) {
  }
  return 0;
}
