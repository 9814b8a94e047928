// SPDX-License-Identifier: Apache-2.0
#include "daemon/findings.h"

#include <fmt/format.h>

#include "base/secret_list.h"

namespace acmed {

using Verdict = Finding::Verdict;

std::string text_of(const NameFindings& findings) {
  auto text = fmt::format("{} (certificate {})\n", findings.domain, findings.certificate);
  for (const auto& finding : findings.findings) {
    const auto* verdict = finding.verdict == Verdict::ok        ? "ok"
                          : finding.verdict == Verdict::warning ? "warning"
                                                                : "wrong";
    text += fmt::format("  {:<8} {}\n", verdict, fit_to_show(finding.text, 2048));
  }
  return text;
}

void add(NameFindings* findings, Verdict verdict, std::string text, const char* about) {
  findings->findings.push_back({verdict, std::move(text), about});
}

void add(NameFindings* findings, const Error& failure, const char* about) {
  findings->findings.push_back({Verdict::wrong, failure.what(), about, failure.cause()});
}

}  // namespace acmed
