// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/effective.h"

#include <fmt/format.h>

#include "daemon/acmectl/toml_writer.h"

namespace acmed::acmectl {
namespace {

using config::FileKind;
using config::Propagation;

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::cert:
      return "cert";
    case FileKind::chain:
      return "chain";
    case FileKind::fullchain:
      return "fullchain";
    case FileKind::privkey:
      return "privkey";
    case FileKind::privkey_traditional:
      return "privkey_traditional";
    case FileKind::privkey_der:
      return "privkey_der";
    case FileKind::combined:
      return "combined";
    case FileKind::combined_key_last:
      return "combined_key_last";
    case FileKind::der:
      return "der";
    case FileKind::pkcs12:
      return "pkcs12";
    case FileKind::pkcs12_legacy:
      break;
  }
  return "pkcs12_legacy";
}

std::string_view name_of(Propagation::Require require) {
  return require == Propagation::Require::all ? "all" : require == Propagation::Require::quorum ? "quorum" : "none";
}

std::string_view name_of(config::Verify::StartTls start_tls) {
  using enum config::Verify::StartTls;
  switch (start_tls) {
    case none:
      return "";
    case smtp:
      return "smtp";
    case imap:
      return "imap";
    case pop3:
      return "pop3";
    case ldap:
      return "ldap";
    case postgres:
      break;
  }
  return "postgres";
}

std::string_view name_of(crypto::Digest digest) {
  using enum crypto::Digest;
  switch (digest) {
    case md5:
      return "hmac-md5";
    case sha1:
      return "hmac-sha1";
    case sha224:
      return "hmac-sha224";
    case sha256:
      return "hmac-sha256";
    case sha384:
      return "hmac-sha384";
    case sha512:
      break;
  }
  return "hmac-sha512";
}

/// The word that means these; none for what is usual.
std::string_view challenge_of(const config::Challenges& types) {
  if (types.size() == 1) return config::name_of(types.front());
  return types.front() == config::ChallengeType::dns_01 ? std::string_view() : "auto";
}

std::string in_octal(mode_t mode) {
  return fmt::format("0o{:03o}", mode);
}

/// "{ a = ..., b = ... }"; `parts`: keys with TOML values.
std::string inline_table(const std::vector<std::pair<std::string, std::string>>& parts) {
  std::string text = "{ ";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += fmt::format("{}{} = {}", i > 0 ? ", " : "", parts[i].first, parts[i].second);
  }
  return text + " }";
}

void mask(TomlWriter& toml, std::string_view key, const SecretSource& secret) {
  if (!secret.empty()) toml.text(key, masked);
}

void write(TomlWriter& toml, const Propagation& propagation) {
  if (propagation.timeout) toml.raw("timeout", in_toml(*propagation.timeout));
  if (propagation.settle) toml.raw("settle", in_toml(*propagation.settle));
  if (propagation.interval_max) toml.raw("interval_max", in_toml(*propagation.interval_max));
  if (propagation.require) toml.text("require", name_of(*propagation.require));
  if (propagation.exclude) toml.texts("exclude", *propagation.exclude);
  if (propagation.extra) toml.texts("extra", *propagation.extra);
}

void write(TomlWriter& toml, const std::string& ca, const config::CaLimits& limits) {
  if (limits == config::CaLimits()) return;
  toml.table({"ca", ca, "limits"});
  const auto write_one = [&toml](std::string_view key, const std::optional<config::Limit>& limit) {
    if (!limit) return;
    toml.raw(key, inline_table({{"most", std::to_string(limit->most)}, {"in", in_toml(limit->window)}}));
  };
  write_one("orders", limits.orders);
  write_one("same_names", limits.same_names);
  write_one("domain", limits.domain);
  write_one("failures", limits.failures);
}

void write(TomlWriter& toml, const config::Ca& ca) {
  toml.table({"ca", ca.name});
  toml.text("directory", ca.directory);
  toml.texts_if("contact", ca.contact);
  toml.boolean("terms_agreed", ca.terms_agreed);
  if (!ca.trust_pem.empty()) toml.comment("trust: the certificates of the file that it names");
  toml.texts_if("hosts", ca.hosts);
  if (ca.external_account) {
    toml.raw("eab", inline_table({{"kid", in_toml(std::string_view(ca.external_account->key_id))},
                                  {"hmac_key", in_toml(std::string_view(masked))}}));
  }
  if (ca.profile) toml.text("profile", *ca.profile);
  if (ca.profile_required) toml.boolean("profile_required", true);
  toml.text_if("preferred_chain", ca.preferred_chain);
  toml.text_if("account", ca.account);
  if (ca.brought_key) {
    toml.text("account_key", masked);
  } else {
    toml.text("account_key_type", crypto::to_text(ca.account_key));
  }
  toml.raw("concurrency", std::to_string(ca.concurrency));
  if (ca.has_common_name) toml.text("common_name", "first");
  write(toml, ca.name, ca.limits);
}

void write(TomlWriter& toml, const config::ExternalProgram& program) {
  toml.texts("command", program.command);
  std::vector<std::pair<std::string, std::string>> variables;
  for (const auto& variable : program.environment) {
    // Which of them are secret is for their author to know: none is shown.
    variables.emplace_back(variable.name, in_toml(std::string_view(masked)));
  }
  if (!variables.empty()) toml.raw("environment", inline_table(variables));
  toml.raw("timeout", in_toml(program.timeout));
}

class ProviderWriter {
 public:
  explicit ProviderWriter(TomlWriter& toml) : toml_(toml) {}

  void operator()(const config::AcmeDns& settings) {
    toml_.text("type", "acme-dns");
    toml_.text("url", settings.url);
    toml_.texts_if("allow_from", settings.allow_from);
    if (!settings.accounts.empty()) toml_.comment(fmt::format("accounts: {}", settings.accounts.size()));
  }
  void operator()(const config::Cloudflare& settings) {
    toml_.text("type", "cloudflare");
    mask(toml_, "token", settings.token);
    if (settings.zone_token) mask(toml_, "zone_token", *settings.zone_token);
    toml_.text_if("zone_id", settings.zone_id);
    toml_.text("url", settings.url);
  }
  void operator()(const config::Exec& settings) {
    toml_.text("type", "exec");
    write(toml_, settings.program);
  }
  void operator()(const config::LegoExec& settings) {
    toml_.text("type", "lego-exec");
    write(toml_, settings.program);
    toml_.text("mode", mode_of(settings.mode));
  }
  void operator()(const config::LegoHttpreq& settings) {
    toml_.text("type", "lego-httpreq");
    toml_.text("endpoint", settings.endpoint);
    toml_.text("mode", mode_of(settings.mode));
    toml_.text_if("username", settings.username);
    mask(toml_, "password", settings.password);
    toml_.raw("timeout", in_toml(settings.timeout));
  }
  void operator()(const config::PowerDns& settings) {
    toml_.text("type", "powerdns");
    toml_.text("url", settings.url);
    mask(toml_, "api_key", settings.api_key);
    toml_.text("server_id", settings.server_id);
    toml_.raw("timeout", in_toml(settings.timeout));
  }
  void operator()(const config::Responder& settings) {
    toml_.text("type", "responder");
    toml_.texts_if("listen", settings.listen);
    if (settings.name_server) toml_.text("name_server", *settings.name_server);
    toml_.texts_if("addresses", settings.addresses);
    if (settings.contact) toml_.text("contact", *settings.contact);
    toml_.raw("responses_per_second", std::to_string(settings.responses_per_second));
  }
  void operator()(const config::Rfc2136& settings) {
    toml_.text("type", "rfc2136");
    toml_.text("server", settings.server);
    if (settings.tsig) {
      toml_.raw("tsig", inline_table({{"name", in_toml(std::string_view(settings.tsig->name))},
                                      {"algorithm", in_toml(name_of(settings.tsig->algorithm))},
                                      {"secret", in_toml(std::string_view(masked))}}));
    }
    toml_.text_if("zone", settings.zone);
  }
  void operator()(const config::Route53& settings) {
    toml_.text("type", "route53");
    if (settings.key) {
      toml_.text("access_key_id", settings.key->id);
      mask(toml_, "secret_access_key", settings.key->secret);
      mask(toml_, "session_token", settings.key->session_token);
    }
    toml_.text_if("profile", settings.profile);
    toml_.text_if("role_arn", settings.role_arn);
    if (!settings.external_id.empty()) toml_.text("external_id", masked);
    toml_.text_if("hosted_zone_id", settings.hosted_zone_id);
    toml_.text("region", settings.region);
    toml_.text("url", settings.url);
  }

 private:
  static std::string_view mode_of(config::LegoMode mode) { return mode == config::LegoMode::raw ? "raw" : "default"; }

  TomlWriter& toml_;
};

void write(TomlWriter& toml, const config::Provider& provider) {
  toml.table({"provider", provider.name});
  std::visit(ProviderWriter(toml), provider.settings);
  toml.texts("zones", provider.zones);
  toml.texts_if("delegated", provider.delegated);
  if (provider.propagation != Propagation()) {
    toml.table({"provider", provider.name, "propagation"});
    write(toml, provider.propagation);
  }
}

void write(TomlWriter& toml, const config::Target& target) {
  toml.table_of_list({"certificate", "deploy"}, 2);
  toml.text("name", target.name);
  if (target.directory) {
    toml.text("directory", target.directory->string());
    std::vector<std::pair<std::string, std::string>> files;
    std::vector<std::pair<std::string, std::string>> modes;
    for (const auto& [kind, name] : target.files) {
      files.emplace_back(name_of(kind), in_toml(std::string_view(name)));
      modes.emplace_back(name_of(kind), in_octal(target.access_of(kind).mode));
    }
    toml.raw("files", inline_table(files));
    if (target.owner) toml.text("owner", *target.owner);
    if (target.group) toml.text("group", *target.group);
    toml.raw("mode", inline_table(modes));
  }
  mask(toml, "pkcs12_password", target.pkcs12_password);
  toml.texts_if("test", target.test);
  toml.texts_if("reload", target.reload);
  toml.texts_if("restart", target.restart);
  toml.texts_if("post_hook", target.post_hook);
  if (const auto& verify = target.verify) {
    const bool is_ipv6 = verify->host.find(':') != std::string::npos;
    std::vector<std::pair<std::string, std::string>> parts{
        {"connect", in_toml(std::string_view(
                        fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", verify->host, is_ipv6 ? "]" : "", verify->port)))},
        {"server_name", in_toml(std::string_view(verify->server_name))}};
    if (const auto start_tls = name_of(verify->start_tls); !start_tls.empty()) {
      parts.emplace_back("starttls", in_toml(start_tls));
    }
    toml.raw("verify", inline_table(parts));
  }
  toml.raw("timeout", in_toml(target.timeout));
}

void write(TomlWriter& toml, std::string_view key, const std::optional<config::LifeLeft>& left) {
  if (!left) return;
  const auto* fraction = std::get_if<double>(&*left);
  toml.raw(key, fraction != nullptr ? fmt::format("\"{:g}\"", *fraction) : in_toml(std::get<Duration>(*left)));
}

void write(TomlWriter& toml, const config::Notify& notify) {
  toml.table({"notify"});
  toml.texts_if("on_failure", notify.on_failure);
  toml.texts_if("on_success", notify.on_success);
  toml.raw("after", in_toml(notify.after));
  write(toml, "warn_before", notify.warn_before);
  toml.raw("timeout", in_toml(notify.timeout));
}

void write(TomlWriter& toml, const config::Certificate& certificate) {
  toml.table_of_list({"certificate"});
  toml.text("name", certificate.name);
  toml.texts("domains", certificate.domains);
  if (certificate.fallback_cas.empty()) {
    toml.text("ca", certificate.ca);
  } else {
    auto cas = certificate.fallback_cas;
    cas.insert(cas.begin(), certificate.ca);
    toml.texts("ca", cas);
  }
  if (certificate.key) {
    toml.text("key", certificate.key->uri);
    mask(toml, "pin", certificate.key->pin);
  }
  if (!certificate.key || certificate.key->type) toml.text("key_type", crypto::to_text(certificate.key_type));
  toml.text_if("preferred_chain", certificate.preferred_chain);
  if (certificate.delegation == config::only_delegation) {
    toml.boolean("delegation", true);
  } else {
    toml.text_if("delegation", certificate.delegation);
  }
  toml.texts_if("dane", certificate.dane.names);
  if (!certificate.dane.names.empty()) toml.raw("dane_ttl", in_toml(certificate.dane.ttl));
  write(toml, "renew", certificate.renew);
  if (certificate.profile) {
    toml.text("profile", certificate.profile->name);
    if (certificate.profile->required) toml.boolean("profile_required", true);
  }
  const auto challenge = challenge_of(certificate.challenges);
  if (!challenge.empty() && certificate.delegation.empty()) toml.text("challenge", challenge);
  if (certificate.challenges.front() == config::ChallengeType::dns_persist_01) {
    toml.raw("persist_for", certificate.persist_for ? in_toml(*certificate.persist_for) : "\"forever\"");
  }
  if (certificate.propagation != Propagation()) {
    toml.table({"certificate", "propagation"});
    write(toml, certificate.propagation);
  }
  for (const auto& target : certificate.deploy) write(toml, target);
}

}  // namespace

std::string effective(const config::Config& config) {
  TomlWriter toml;
  toml.comment(config.file.string() + ", with what it includes and the defaults");
  toml.text("state_directory", config.state_directory.string());
  if (!config.resolvers.empty() || config.propagation != Propagation()) {
    toml.table({"propagation"});
    toml.texts_if("resolvers", config.resolvers);
    write(toml, config.propagation);
  }
  if (config.control_socket) {
    toml.table({"control"});
    toml.text("socket", config.control_socket->string());
  }
  if (!config.http_listen.empty()) {
    toml.table({"http"});
    toml.texts("listen", config.http_listen);
    toml.texts_if("hosts", config.http_hosts);
  }
  if (!config.notify.on_failure.empty() || !config.notify.on_success.empty()) write(toml, config.notify);
  for (const auto& [name, ca] : config.cas) write(toml, ca);
  for (const auto& provider : config.providers) write(toml, provider);
  for (const auto& certificate : config.certificates) write(toml, certificate);
  return toml.take();
}

}  // namespace acmed::acmectl
