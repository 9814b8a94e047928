// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "providers/cloudflare/answer.h"
#include "providers/cloudflare/zones.h"
#include "providers/kit/character_string.h"
#include "providers/kit/request_budget.h"

/// Any body, header or name may come from what stands behind the API's URL.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace acmed::providers;
  const std::string text(reinterpret_cast<const char*>(data), size);
  acmed::http::Response response;
  response.status = 403;
  response.body = text;
  if (const auto answer = cloudflare::read_answer(response, ForeignWords({}))) {
    if (answer->success || answer->words().size() > 500) std::abort();
    for (const char c : answer->words()) {
      if (c >= 0 && c < 0x20) std::abort();
    }
  }
  cloudflare::read_name(text);
  is_text(text, "value");
  if (!is_text(quoted_string(text), text)) std::abort();
  RequestBudget budget;
  budget.sent();
  budget.answered(text, acmed::Moment());
  budget.closed_until(acmed::Moment());
  return 0;
}
