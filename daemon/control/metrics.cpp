// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/party.h"

namespace acmed::control {
namespace {

/// What all but the lines of certificates takes, and more.
constexpr std::size_t usual_rest = std::size_t{16} * 1024;

/// Only while something is being done: a host at rest is not woken.
constexpr Duration between_measurements = std::chrono::milliseconds(250);

const std::vector<double> propagation_bounds = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
const std::vector<double> request_bounds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

std::string head(std::string_view name, std::string_view type, std::string_view help) {
  return fmt::format("# HELP acmed_{0} {2}\n# TYPE acmed_{0} {1}\n", name, type, help);
}

/// The usual statuses as they are, others by their class: a CA cannot multiply them.
std::string status_label(int status) {
  static const std::set<int> usual = {0, 200, 201, 204, 400, 401, 403, 404, 405, 409, 429, 500, 502, 503, 504};
  return usual.contains(status) ? std::to_string(status) : fmt::format("{}xx", std::clamp(status / 100, 1, 5));
}

std::int64_t seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string label_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

void Metrics::Histogram::add(double value) {
  const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
  ++counts[static_cast<std::size_t>(bucket)];
  sum += value;
}

std::string Metrics::Histogram::text(std::string_view name, const std::string& labels) const {
  std::string text;
  const auto before_le = labels.empty() ? "" : labels + ",";
  const auto all_labels = labels.empty() ? "" : "{" + labels + "}";
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    count += counts[i];
    text += fmt::format("acmed_{}_bucket{{{}le=\"{}\"}} {}\n", name, before_le, bounds[i], count);
  }
  count += counts.back();
  return text + fmt::format("acmed_{0}_bucket{{{1}le=\"+Inf\"}} {2}\nacmed_{0}_sum{3} {4}\nacmed_{0}_count{3} {2}\n",
                            name, before_le, count, all_labels, sum);
}

void Metrics::Page::add(const keep::CertificateView& certificate) {
  ++states_[certificate.state];
  const auto name = label_value(certificate.name);
  if (certificate.live) {
    not_after_ += fmt::format("acmed_certificate_not_after_timestamp_seconds{{certificate=\"{}\",ca=\"{}\"}} {}\n",
                              name, label_value(certificate.ca), seconds(certificate.live->not_after));
  }
  if (certificate.renewal) {
    renewal_ += fmt::format("acmed_certificate_next_renewal_timestamp_seconds{{certificate=\"{}\"}} {}\n", name,
                            seconds(*certificate.renewal));
  }
  for (const auto& target : certificate.targets) {
    in_step_ += fmt::format("acmed_target_in_step{{certificate=\"{}\",target=\"{}\"}} {}\n", name,
                            label_value(target.name), target.in_step ? 1 : 0);
  }
  for (const auto& trouble : certificate.troubles) {
    troubles_ +=
        fmt::format("acmed_trouble_since_timestamp_seconds{{certificate=\"{}\",what=\"{}\",party=\"{}\"}} {}\n", name,
                    label_value(trouble.what), trouble.party ? to_text(*trouble.party) : "", seconds(trouble.since));
  }
}

std::string Metrics::Page::text(const Metrics& metrics, const Keeping& keeping) && {
  std::string text;
  text.reserve(not_after_.size() + renewal_.size() + in_step_.size() + troubles_.size() + usual_rest);
  text += head("certificate_not_after_timestamp_seconds", "gauge", "When the certificate in service ends.");
  text += std::exchange(not_after_, {});
  text += head("certificate_next_renewal_timestamp_seconds", "gauge",
               "When the certificate is renewed next, retries included; in the past: at once.");
  text += std::exchange(renewal_, {});
  text += head("certificate_state", "gauge", "How many certificates are in this state.");
  for (const auto state : keep::all_states) {
    text += fmt::format("acmed_certificate_state{{state=\"{}\"}} {}\n", keep::to_text(state), states_[state]);
  }
  text += head("target_in_step", "gauge", "1 where the target has the certificate in service, else 0.");
  text += std::exchange(in_step_, {});
  text += head("trouble_since_timestamp_seconds", "gauge", "Since when something fails; absent where nothing does.");
  text += std::exchange(troubles_, {});
  text += head("orders_total", "counter", "Orders that ended since the start, by CA and result (issued, failed).");
  for (const auto& [labels, count] : metrics.orders_) {
    text += fmt::format("acmed_orders_total{{ca=\"{}\",result=\"{}\"}} {}\n", label_value(labels.first), labels.second,
                        count);
  }
  text += head("deployments_total", "counter",
               "Deployments that ended since the start, by target and result (deployed, failed, rolled_back).");
  for (const auto& [labels, count] : metrics.deployments_) {
    text += fmt::format("acmed_deployments_total{{target=\"{}\",result=\"{}\"}} {}\n", label_value(labels.first),
                        labels.second, count);
  }
  text += head("ca_paused_until_timestamp_seconds", "gauge",
               "Until when the CA asked to be left alone; absent where it takes orders.");
  for (const auto& ca : keeping.cas()) {
    if (!ca.paused_until) continue;
    text += fmt::format("acmed_ca_paused_until_timestamp_seconds{{ca=\"{}\"}} {}\n", label_value(ca.name),
                        seconds(*ca.paused_until));
  }
  text +=
      head("provider_ready", "gauge", "0 where the last look at the provider's credentials found a trouble, else 1.");
  for (const auto& provider : keeping.providers()) {
    text += fmt::format("acmed_provider_ready{{provider=\"{}\"}} {}\n", label_value(provider.name),
                        provider.trouble ? 0 : 1);
  }
  text += head("provider_credential_not_after_timestamp_seconds", "gauge",
               "When the provider's credentials end; absent where its operator does not tell.");
  for (const auto& provider : keeping.providers()) {
    if (!provider.credential_until) continue;
    text += fmt::format("acmed_provider_credential_not_after_timestamp_seconds{{provider=\"{}\"}} {}\n",
                        label_value(provider.name), seconds(*provider.credential_until));
  }
  text += head("provider_calls_total", "counter",
               "Changes of a zone that providers were asked for since the start, by result (done, failed).");
  for (const auto& [labels, count] : metrics.provider_calls_) {
    text += fmt::format("acmed_provider_calls_total{{provider=\"{}\",result=\"{}\"}} {}\n", label_value(labels.first),
                        labels.second, count);
  }
  text += head("acme_requests_total", "counter",
               "Exchanges with CAs since the start, by what was asked and HTTP status (0: no answer).");
  for (const auto& [labels, count] : metrics.ca_requests_) {
    const auto& [ca, request, status] = labels;
    text += fmt::format("acmed_acme_requests_total{{ca=\"{}\",request=\"{}\",status=\"{}\"}} {}\n", label_value(ca),
                        request, status, count);
  }
  text += head("acme_request_seconds", "histogram", "How long exchanges with a CA took.");
  for (const auto& [ca, histogram] : metrics.ca_seconds_) {
    text += histogram.text("acme_request_seconds", fmt::format("ca=\"{}\"", label_value(ca)));
  }
  text +=
      head("propagation_seconds", "histogram", "From the first look at the name servers until all showed the values.");
  for (const auto& [provider, histogram] : metrics.propagation_) {
    text += histogram.text("propagation_seconds", fmt::format("provider=\"{}\"", label_value(provider)));
  }
  text += head("loop_lag_seconds", "histogram", "How late the event loop is, measured while something is being done.");
  text += metrics.lag_.text("loop_lag_seconds");
  text += head("build_info", "gauge", "1, with the version.");
  text += fmt::format("acmed_build_info{{version=\"{}\"}} 1\n", label_value(ACMED_VERSION));
  return text;
}

void Metrics::began(const std::string&) {
  if (in_progress_++ == 0) measure_lag();
}

void Metrics::ended(const std::string&) {
  if (--in_progress_ == 0) lag_timer_.cancel();
}

void Metrics::measure_lag() {
  const auto due = loop_.clock().moment() + between_measurements;
  loop_.set_timer(lag_timer_, due, [this, due] {
    lag_.add(std::chrono::duration<double>(loop_.clock().moment() - due).count());
    measure_lag();
  });
}

void Metrics::visible(const std::string& provider, Duration after) {
  const auto [histogram, is_new] = propagation_.try_emplace(provider, propagation_bounds);
  histogram->second.add(std::chrono::duration<double>(after).count());
}

void Metrics::asked_ca(const std::string& ca, const std::string& request, int status, Duration elapsed) {
  ++ca_requests_[{ca, request, status_label(status)}];
  const auto [histogram, is_new] = ca_seconds_.try_emplace(ca, request_bounds);
  histogram->second.add(std::chrono::duration<double>(elapsed).count());
}

void Metrics::asked_provider(const std::string& provider, bool succeeded) {
  ++provider_calls_[{provider, succeeded ? "done" : "failed"}];
}

void Metrics::issued(const std::string&, const std::string& ca, const store::Issued&) {
  ++orders_[{ca, "issued"}];
}

void Metrics::not_issued(const std::string&, const std::string& ca) {
  ++orders_[{ca, "failed"}];
}

void Metrics::deployed(const std::string&, const std::string& target) {
  ++deployments_[{target, "deployed"}];
}

void Metrics::not_deployed(const std::string&, const std::string& target) {
  ++deployments_[{target, "failed"}];
}

void Metrics::rolled_back(const std::string&, const std::string& target, unsigned) {
  ++deployments_[{target, "rolled_back"}];
}

}  // namespace acmed::control
