// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/prompt.h"

#include "base/crypto/openssl.h"

namespace acmed::crypto {
namespace {

int answer_with_secret(UI* questions, UI_STRING* question) {
  auto* answer = static_cast<Answer*>(UI_get0_user_data(questions));
  if (answer == nullptr || UI_get_string_type(question) != UIT_PROMPT) return 1;
  answer->was_asked = true;
  return UI_set_result(questions, question, answer->secret.reveal().c_str()) == 0 ? 1 : 0;
}

}  // namespace

UI_METHOD* answers() {
  static UI_METHOD* method = [] {
    auto* made = UI_create_method("acmed");
    if (made != nullptr) UI_method_set_reader(made, answer_with_secret);
    return made;
  }();
  return need(method, "answer OpenSSL's questions");
}

}  // namespace acmed::crypto
