// SPDX-License-Identifier: Apache-2.0
#include "config/other_clients.h"

#include <algorithm>
#include <array>
#include <string>

namespace acmed::config {
namespace {

struct Hint {
  std::string_view words;  ///< between blanks; in lower case, with '_' for '-', as spelled() has them
  std::string_view sentence;
};

constexpr std::array hints = std::to_array<Hint>({
    {" sleep dns_sleep dnssleep propagation_seconds propagation_delay delay delaybeforecheck delay_before_check wait "
     "propagation_wait dns_propagation_seconds ",
     "acmed looks at the name servers and needs no pause; where one is wanted all the same: [propagation] settle = "
     "\"60s\""},
    {" disable disabled disable_cp disable_check disable_propagation_check dns_disable_cp dnspropagationcheck "
     "skip_propagation_check propagation_disable_ans skip_check ",
     "not to look at the name servers: [propagation] require = \"none\", with a settle"},
    {" propagation_timeout dns_timeout check_timeout polling_timeout ", "it is [propagation] timeout = \"10m\""},
    {" polling_interval check_interval ", "it is [propagation] interval_max = \"15s\""},
    {" nameserver nameservers dns_server dns_servers dns_resolver dns_resolvers dnsresolver resolver dnsresolvers "
     "recursive_nameservers recursivenameservers propagation_rns ",
     "it is [propagation] resolvers = [\"192.0.2.53\"]"},
    {" proxy http_proxy https_proxy curl_opts ",
     "proxies are taken from the environment: sudo systemctl edit acmed, [Service] and "
     "Environment=https_proxy=http://..."},
    {" staging test test_cert testcert test_mode use_staging dry_run ",
     "a CA for tries is one more: [ca.letsencrypt-staging], and ca = \"letsencrypt-staging\" in the certificate"},
    {" email mail e_mail account_email contact_email acme_email emails contacts ",
     "it is contact = [\"mailto:hostmaster@example.com\"] in [ca.NAME]"},
    {" server acme_server directory_url acme_url acme_ca ca_server caserver ca_url acme_directory ca_directory ",
     "the CA's URL is directory = \"https://...\" in [ca.NAME]; well-known CAs need none"},
    {" agree_tos agreetos accept_tos accept_terms acceptterms tos agree_terms terms_of_service_agreed tos_agreed "
     "terms_accepted ",
     "it is terms_agreed = true in [ca.NAME]"},
    {" keytype key_size keysize key_length keylength key_algo key_algorithm algorithm rsa_key_size elliptic_curve "
     "curve "
     "algo ",
     "it is key_type = \"ecdsa-p256\", or \"rsa-2048\" and others, or a list of them"},
    {" domain names san sans alt_names subject_alternative_names subject_alt_names domain_names hostnames identifiers "
     "extra_domains extradomainnames aliases cn ",
     "it is domains = [\"example.com\", \"*.example.com\"] in [[certificate]]"},
    {" days renew_days renewdays valid_min_days validmindays renew_before renewbefore renew_before_expiry "
     "remaining_days "
     "renewal_days renew_before_days min_days certificates_duration renewal_threshold ",
     "it is renew = \"30d\" in [[certificate]] or [defaults]"},
    {" hook hooks reloadcmd reload_cmd reload_command renew_hook run_hook deploy_hook renewed_hook post_renew postrun "
     "post_run post_command command_after deploy_cmd exec_after reloadservices reload_services service services ",
     "it is post_hook = [\"PROGRAM\", \"ARGUMENT\"] in a [[certificate.deploy]] table"},
    {" pre_hook prehook startup_hook pre_command challenge_hook manual_auth_hook manual_cleanup_hook auth_hook ",
     "nothing is run before an order; a program that changes records is a provider, type = \"exec\" or \"lego-exec\""},
    {" failure_hook error_hook on_error notify_hook ", "a failure is told in the log and in systemctl status"},
    {" key_file keyfile key_path cert_file certfile cert_path fullchain_file fullchain_path ca_file chain_file "
     "chain_path install_cert pem full_pem concat ",
     "copies are files = { fullchain = \"...\", privkey = \"...\" } in a [[certificate.deploy]] with a directory; "
     "combined is "
     "both in one"},
    {" challenge_alias domain_alias alias override_domain dns_rewrite dns_alias cname_follow cname_strategy ",
     "acmed follows the alias (CNAME); the provider of the zone to which it leads names the domain in delegated = "
     "[\"example.com\"]"},
    {" challenge challenges preferred_challenges challenge_type acme_challenge webroot standalone http_01 http01 "
     "tls_alpn dns_01 authenticator installer ",
     "acmed proves every name by a TXT record (DNS-01); challenge in [[certificate]] chooses another form of it"},
    {" dns dns_provider dnsprovider provider dns_plugin dns_challenge dnschallenge plugin ",
     "a certificate names no provider: each name finds the one whose zones = [\"example.com\"] it is in"},
    {" credentials credentials_file credentialsfile environment_file environmentfile config_file ",
     "credentials stand in [provider.NAME] key by key; each may be { file = \"...\" }"},
    {" api_key apikey api_token apitoken dns_cloudflare_api_token cf_token ",
     "acmed.toml(5) says what this type of provider calls it"},
    {" eab_kid eab_hmac eab_hmac_key eab_key hmac hmac_key kid external_account external_account_binding "
     "externalaccount ",
     "it is eab = { kid = \"...\", hmac_key = { file = \"...\" } } in [ca.NAME]"},
    {" preferredchain prefer_chain chain select_chain preferred_chains ",
     "it is preferred_chain = \"Root X1\" in [ca.NAME] or [[certificate]]"},
    {" cert_profile certificate_profile acme_profile ", "it is profile = \"...\" in [ca.NAME] or [[certificate]]"},
    {" account account_key_path account_file account_key_file account_id accountkey ",
     "an account that exists already is account_key = { file = \"...\" } in [ca.NAME], its key in PEM"},
    {" user run_as uid ",
     "acmed runs as the user of its unit; the owner of copies is owner = \"...\" in a "
     "[[certificate.deploy]]"},
    {" ttl dns_ttl record_ttl ", "records stay for seconds only; there is no TTL to choose"},
    {" csr csr_file reuse_key reusekey always_renew_key ", "each certificate gets a new key, made here"},
    {" must_staple ocsp_must_staple muststaple ocsp ", "CAs no longer offer OCSP; there is nothing to configure"},
    {" cron schedule timer renew_interval renewinterval random_delay randomizeddelaysec renew_jitter ",
     "acmed is a service that knows its times; renew = \"30d\" says how long before the end"},
    {" state_dir data_dir storage path datadir certs_dir cert_dir basedir base_dir ",
     "it is state_directory = \"...\", at the top of the file"},
    {" log_level loglevel debug verbose log_file logfile ",
     "the log is the journal's; acmed --verbose tells each step"},
});

std::string spelled(std::string_view key) {
  std::string word(key);
  std::ranges::transform(word, word.begin(), [](char c) {
    if (c == '-' || c == '.') return '_';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return word;
}

const Node* find(const Table& table, std::string_view key) {
  const auto entry = std::ranges::find_if(table, [&](const Entry& each) { return each.key == key; });
  return entry == table.end() ? nullptr : &entry->node;
}

}  // namespace

std::string_view hint_for_word_of_others(std::string_view key) {
  constexpr std::size_t longest_word = 64;
  if (key.empty() || key.size() > longest_word || key.find(' ') != key.npos) return {};
  const auto word = " " + spelled(key) + " ";
  const auto hint =
      std::ranges::find_if(hints, [&](const Hint& each) { return each.words.find(word) != each.words.npos; });
  return hint == hints.end() ? std::string_view() : hint->sentence;
}

bool is_for_other_acmed(const Table& file) {
  const auto is_list = [&](std::string_view key) {
    const auto* node = find(file, key);
    return node != nullptr && node->as<List>() != nullptr;
  };
  if (is_list("endpoint") || is_list("account") || is_list("hook")) return true;
  const auto* certificates = find(file, "certificate");
  const auto* list = certificates == nullptr ? nullptr : certificates->as<List>();
  if (list == nullptr) return false;
  return std::ranges::any_of(*list, [](const Node& node) {
    const auto* certificate = node.as<Table>();
    return certificate != nullptr && find(*certificate, "endpoint") != nullptr &&
           find(*certificate, "identifiers") != nullptr;
  });
}

}  // namespace acmed::config
