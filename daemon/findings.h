// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace acmed {

/// One thing that was looked at.
struct Finding {
  enum class Verdict { ok, warning, wrong };
  Verdict verdict = Verdict::ok;
  std::string text;           ///< what there is; for a warning and what is wrong, with the mend
  std::string about = "DNS";  ///< or "credentials", "update", "CAA", "TLSA"
  std::string cause = {};     ///< Error::cause(), where a failure is told
};

/// What was found about the proof of one name, or about TLSA records at one.
struct NameFindings {
  std::string certificate;
  std::string domain;  ///< as the certificate has it, with "*."; or as `dane` has it
  std::vector<Finding> findings;
};

/// "ok       ...", one line each, under a line with the name and its certificate.
std::string text_of(const NameFindings& findings);

void add(NameFindings* findings, Finding::Verdict verdict, std::string text, const char* about = "DNS");
/// As wrong.
void add(NameFindings* findings, const Error& failure, const char* about = "DNS");

}  // namespace acmed
