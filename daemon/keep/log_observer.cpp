// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/log_observer.h"

#include <fmt/format.h>

#include "base/log.h"

namespace acmed::keep {

void LogObserver::ordered(const std::string& certificate, const std::string& ca, const std::string& order_url,
                          std::size_t names) {
  log::debug(fmt::format("{}: ordered from CA {} for {} name(s): {}", certificate, ca, names, order_url),
             {{"ACMED_CERTIFICATE", certificate}, {"ACMED_CA", ca}});
}

void LogObserver::published(const std::string& certificate, std::size_t values) {
  log::debug(fmt::format("{}: {} TXT value(s) are accepted by the provider", certificate, values),
             {{"ACMED_CERTIFICATE", certificate}});
}

void LogObserver::propagated(const std::string& certificate, Duration after) {
  log::info(fmt::format("{}: every name server shows the values after {}", certificate, to_text(after)),
            {{"ACMED_CERTIFICATE", certificate}});
}

void LogObserver::validated(const std::string& certificate) {
  log::debug(certificate + ": the CA has validated all names", {{"ACMED_CERTIFICATE", certificate}});
}

void LogObserver::issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) {
  log::notice(fmt::format("{}: issued by CA {}, valid until {}, serial {}", certificate, ca,
                          to_rfc3339(issued.not_after), issued.serial),
              {{"ACMED_CERTIFICATE", certificate}, {"ACMED_CA", ca}});
}

void LogObserver::deployed(const std::string& certificate, const std::string& target) {
  log::notice(fmt::format("{}: deployed to {}", certificate, target),
              {{"ACMED_CERTIFICATE", certificate}, {"ACMED_TARGET", target}});
}

void LogObserver::rolled_back(const std::string& certificate, const std::string& target, unsigned generation) {
  log::warning(fmt::format("{}: target {} has generation {:04} again", certificate, target, generation),
               {{"ACMED_CERTIFICATE", certificate}, {"ACMED_TARGET", target}});
}

void LogObserver::failed(const std::string& certificate, const std::string& what, const Error& error, Time next_try) {
  log::error(fmt::format("{}: {}: {} (next try {})", certificate, what, error.what(), to_rfc3339(next_try)),
             {{"ACMED_CERTIFICATE", certificate}, {"ACMED_ERROR_TYPE", error.cause()}});
}

}  // namespace acmed::keep
