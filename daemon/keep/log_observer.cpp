// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/log_observer.h"

#include <fmt/format.h>

#include "base/log.h"
#include "daemon/keep/view.h"

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
  log::info(fmt::format("{}: every name server shows the values after {}", certificate, acmed::to_text(after)),
            {{"ACMED_CERTIFICATE", certificate}});
}

void LogObserver::validated(const std::string& certificate) {
  log::debug(certificate + ": the CA has validated all names", {{"ACMED_CERTIFICATE", certificate}});
}

void LogObserver::revoked(const std::string& certificate, const std::string& ca, const store::Revocation& revocation) {
  const auto sentence = fmt::format("{} {}", certificate, sentence_of(revocation));
  if (revocation.by_ca) {
    log::error(sentence, {{"ACMED_CERTIFICATE", certificate}, {"ACMED_CA", ca}});
  } else {
    log::notice(sentence, {{"ACMED_CERTIFICATE", certificate}, {"ACMED_CA", ca}});
  }
}

void LogObserver::issued(const std::string& certificate, const std::string& ca, const store::Issued& issued) {
  log::notice(fmt::format("{}: issued by CA {}, valid until {}, serial {}", certificate, ca,
                          to_rfc3339(issued.not_after), issued.serial),
              {{"ACMED_CERTIFICATE", certificate}, {"ACMED_CA", ca}});
}

void LogObserver::renewal_suggested(const std::string& certificate, const std::string& ca,
                                    const store::RenewalPlan& plan) {
  const auto sentence =
      fmt::format("{}: CA {} suggests to renew between {} and {}: planned for {}", certificate, ca,
                  to_rfc3339(plan.window_start), to_rfc3339(plan.window_end), to_rfc3339(plan.renew_at));
  // A CA that explains itself has a reason that people want to know: it is about to revoke certificates, say.
  const bool is_explained = !plan.explanation_url.empty();
  const auto reason = is_explained ? fmt::format("; it explains this at {}", plan.explanation_url) : std::string();
  log::write(is_explained ? log::Level::notice : log::Level::debug, sentence + reason,
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
