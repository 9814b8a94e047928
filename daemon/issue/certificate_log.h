// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/log.h"

namespace acmed::issue {

/// Log lines about one certificate.
class CertificateLog {
 public:
  explicit CertificateLog(std::string certificate) : certificate_(std::move(certificate)) {}

  void debug(const std::string& message) const { log::debug(line(message), {{"ACMED_CERTIFICATE", certificate_}}); }
  void info(const std::string& message) const { log::info(line(message), {{"ACMED_CERTIFICATE", certificate_}}); }
  void warning(const std::string& message) const { log::warning(line(message), {{"ACMED_CERTIFICATE", certificate_}}); }

 private:
  std::string line(const std::string& message) const { return certificate_ + ": " + message; }

  std::string certificate_;
};

}  // namespace acmed::issue
