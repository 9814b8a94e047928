// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/import/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/http/url.h"
#include "base/runtime/scope.h"
#include "daemon/store/file_store.h"
#include "daemon/store/local_publisher.h"

namespace acmed::acmectl::import {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

/// A certificate that was found, read.
struct Pair {
  crypto::PrivateKey key;
  crypto::Certificate certificate;
};

class Taking {
 public:
  Taking(const Found& found, const config::Config& config)
      : found_(found), config_(config), folder_(config.state_directory), store_(folder_), publisher_(folder_) {}

  TakenOver take() {
    for (const auto& account : found_.accounts) guarded("the account " + account.url, [&] { take_account(account); });
    for (const auto& certificate : found_.certificates) {
      guarded(certificate.name, [&] { take_certificate(certificate); });
    }
    return std::move(result_);
  }

 private:
  template <class Call>
  void guarded(const std::string& about, const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      leave_out(about, error.what());
    }
  }
  void leave_out(const std::string& about, std::string_view why) {
    result_.left_out.push_back(fmt::format("{}: {}", about, why));
  }

  bool is_same_ca(const std::string& found, const config::Ca& ca) const {
    return found_.knows_directories ? found == ca.directory : http::server_of(found) == http::server_of(ca.directory);
  }

  void take_account(const FoundAccount& account) {
    const auto key = crypto::PrivateKey::from_pem(account.key_pem);
    const auto type = std::string(crypto::to_text(key.type()));
    bool is_wanted = false;
    for (const auto& [name, ca] : config_.cas) {
      if (!is_same_ca(account.directory, ca) || ca.brought_key) continue;
      if (crypto::to_text(ca.account_key) != type) {
        leave_out("the account " + account.url,
                  fmt::format("its key is {}: set account_key_type = \"{}\" in [ca.{}]", type, type, name));
        return;
      }
      is_wanted = true;
      store::Account taken;
      taken.identity = {
          ca.directory, ca.external_account ? ca.external_account->key_id : std::string(), type, {}, ca.account};
      if (run(loop_, store_.load_account(taken.identity))) {
        leave_out("the account " + account.url, fmt::format("acmed has one at CA {} already", name));
        continue;
      }
      taken.key_pem = key.to_pem();
      taken.url = account.url;
      taken.contact = account.contact;
      run(loop_, store_.save_account(taken));
      result_.done.push_back(fmt::format("account {} at CA {}", account.url, name));
    }
    if (!is_wanted) leave_out("the account " + account.url, "no [ca] of the configuration is its CA");
  }

  const config::Certificate* wanted_for(const FoundCertificate& found, const std::string& type) const {
    for (const auto& certificate : config_.certificates) {
      if (is_same_ca(found.directory, config_.cas.at(certificate.ca)) &&
          crypto::to_text(certificate.key_type) == type && sorted(certificate.domains) == sorted(found.domains) &&
          !taken_.contains(certificate.name)) {
        return &certificate;
      }
    }
    return nullptr;
  }

  void take_certificate(const FoundCertificate& found) {
    const Pair pair{crypto::PrivateKey::from_pem(found.key_pem), crypto::parse_chain(found.certificate_pem).front()};
    const auto type = std::string(crypto::to_text(pair.key.type()));
    if (!pair.certificate.has_key(pair.key)) return leave_out(found.name, "its key is not the certificate's");
    if (pair.certificate.not_after() <= loop_.clock().now()) return leave_out(found.name, "it has ended");
    const auto* wanted = wanted_for(found, type);
    if (wanted == nullptr) {
      return leave_out(found.name, "no [[certificate]] of the configuration has these names, this CA and type of key");
    }
    auto state = run(loop_, store_.load_certificate(wanted->name));
    if (state.issued) return leave_out(found.name, fmt::format("acmed has a certificate {} already", wanted->name));
    const auto directory = config_.cas.at(wanted->ca).directory;
    store::GenerationFiles files;
    files.private_key = pair.key.to_pem();
    files.certificate = pair.certificate.to_pem();
    for (const auto& above :
         found.chain_pem.empty() ? std::vector<crypto::Certificate>() : crypto::parse_chain(found.chain_pem)) {
      files.chain += above.to_pem();
    }
    files.full_chain = files.certificate + files.chain;
    store::GenerationMeta meta;
    meta.certificate = wanted->name;
    meta.directory_url = directory;
    meta.issuer = pair.certificate.issuer_common_name();
    meta.key_type = type;
    meta.domains = wanted->domains;
    meta.serial = pair.certificate.serial();
    meta.not_before = pair.certificate.not_before();
    meta.not_after = pair.certificate.not_after();
    meta.issued_at = meta.not_before;  // when it came is not known
    const auto number = run(loop_, store_.add_generation(wanted->name, meta, files));
    state.issued = store::Issued{number,      directory,       type,           wanted->domains,
                                 meta.serial, meta.not_before, meta.not_after, meta.issued_at};
    run(loop_, store_.save_certificate(wanted->name, state));
    run(loop_, publisher_.publish(wanted->name, run(loop_, store_.generation(wanted->name, number)), wanted->group));
    taken_.insert(wanted->name);
    result_.done.push_back(
        fmt::format("certificate {}, which ends at {}", wanted->name, to_rfc3339(pair.certificate.not_after())));
  }

  const Found& found_;
  const config::Config& config_;
  Loop loop_;
  store::StateFolder folder_;
  store::FileStore store_;
  store::LocalPublisher publisher_;
  std::set<std::string> taken_;
  TakenOver result_;
};

}  // namespace

TakenOver take_over(const Found& found, const config::Config& config) {
  return Taking(found, config).take();
}

}  // namespace acmed::acmectl::import
