// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/acme/fake_ca.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <memory>

#include "base/crypto/encoding.h"

namespace acmed::test {
namespace {

std::string decoded(const json::Value& part) {
  return crypto::from_base64(part.text_or()).value_or("");
}

std::size_t number_at(const std::string& url, std::size_t from_the_end) {
  auto end = url.size();
  for (; from_the_end > 0; --from_the_end) end = url.rfind('/', end - 1);
  return std::stoul(url.substr(url.rfind('/', end - 1) + 1));
}

/// Whether a JWS over `bytes` is by the P-256 key with that JWK.
bool is_signed_by(const json::Value& jwk, const std::string& bytes, const std::string& signature) {
  const auto point = "\x04" + decoded(jwk["x"]) + decoded(jwk["y"]);
  if (point.size() != 65 || signature.size() != 64) return false;
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(OSSL_PARAM_BLD_new(),
                                                                                OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(OSSL_PARAM_BLD_to_param(builder.get()),
                                                                           OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> making(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  EVP_PKEY_fromdata_init(making.get());
  EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made, EVP_PKEY_free);
  const auto* octets = reinterpret_cast<const unsigned char*>(signature.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(octets, 32, nullptr), BN_bin2bn(octets + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get());
  const int outcome = EVP_DigestVerify(digest.get(), der, static_cast<std::size_t>(size),
                                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  OPENSSL_free(der);
  return outcome == 1;
}

std::string signing_input(const json::Value& jws) {
  return jws["protected"].text_or() + "." + jws["payload"].text_or();
}

}  // namespace

FakeCa::Reply problem(const std::string& status, const std::string& type, const std::string& detail) {
  const json::Object body{{"type", "urn:ietf:params:acme:error:" + type}, {"detail", detail}};
  return FakeCa::Reply(status, json::dump(body)).with("Content-Type: application/problem+json; charset=utf-8");
}

FakeCa::FakeCa() : server_([this](FakeServer::Connection& connection) { serve(connection); }) {}

FakeCa::FakeCa(const std::string& certificate_pem, const Secret& key_pem)
    : server_([this](FakeServer::Connection& connection) { serve(connection); }, certificate_pem, key_pem) {}

void FakeCa::instead(const std::string& resource, Reply reply) {
  const std::lock_guard guard(lock_);
  instead_[resource].push_back(std::move(reply));
}

void FakeCa::be_odd(const std::string& resource, Oddity oddity) {
  const std::lock_guard guard(lock_);
  oddities_[resource] = std::move(oddity);
}

void FakeCa::change_answers(const std::string& resource, Change change) {
  const std::lock_guard guard(lock_);
  changes_[resource] = std::move(change);
}

void FakeCa::process_twice(std::string resource) {
  const std::lock_guard guard(lock_);
  processed_twice_ = std::move(resource);
}

void FakeCa::add_header(const std::string& resource, const std::string& header) {
  const std::lock_guard guard(lock_);
  added_headers_[resource] += header + "\r\n";
}

void FakeCa::refuse_nonces(int count) {
  const std::lock_guard guard(lock_);
  refused_nonces_ = count;
}

void FakeCa::withhold_nonces(int count) {
  const std::lock_guard guard(lock_);
  withheld_nonces_ = count;
}

void FakeCa::process_for(int polls) {
  const std::lock_guard guard(lock_);
  processing_polls_ = polls;
}

void FakeCa::on_request(const std::string& resource, std::function<void()> call) {
  const std::lock_guard guard(lock_);
  calls_[resource] = std::move(call);
}

void FakeCa::set_directory(const std::string& member, json::Value value) {
  const std::lock_guard guard(lock_);
  directory_changes_.insert_or_assign(member, std::move(value));
}

void FakeCa::set_pem(const std::string& resource, std::string pem) {
  const std::lock_guard guard(lock_);
  pems_[resource] = std::move(pem);
}

void FakeCa::issue_by(std::function<std::string(const Issuance&)> issue) {
  const std::lock_guard guard(lock_);
  issue_ = std::move(issue);
}

void FakeCa::set_expires(std::string time) {
  const std::lock_guard guard(lock_);
  expires_ = std::move(time);
}

void FakeCa::keep_account() {
  const std::lock_guard guard(lock_);
  keeps_account_ = true;
}

std::string FakeCa::account_key() const {
  const std::lock_guard guard(lock_);
  return account_key_;
}

void FakeCa::set_account_key(const crypto::PrivateKey& key) {
  const std::lock_guard guard(lock_);
  account_key_ = json::dump(key.jwk());
}

void FakeCa::delegate(json::Object csr_template) {
  const std::lock_guard guard(lock_);
  template_ = std::move(csr_template);
  directory_changes_["meta"] = json::Object{{"delegation-enabled", true},
                                            {"auto-renewal", json::Object{{"min-lifetime", std::int64_t{3600}},
                                                                          {"max-duration", std::int64_t{31'536'000}},
                                                                          {"allow-certificate-get", true}}}};
}

void FakeCa::agree_to(json::Value auto_renewal) {
  const std::lock_guard guard(lock_);
  agreed_ = std::move(auto_renewal);
}

std::vector<FakeCa::Seen> FakeCa::seen() const {
  const std::lock_guard guard(lock_);
  return seen_;
}

std::size_t FakeCa::count(const std::string& resource) const {
  std::size_t count = 0;
  for (const auto& request : seen()) count += resource.empty() || request.resource == resource ? 1 : 0;
  return count;
}

void FakeCa::forget_seen() {
  const std::lock_guard guard(lock_);
  seen_.clear();
}

std::size_t FakeCa::orders() const {
  const std::lock_guard guard(lock_);
  return orders_.size();
}

void FakeCa::serve(FakeServer::Connection& connection) {
  for (auto request = connection.read_request(); !request.empty(); request = connection.read_request()) {
    std::function<void()> call;
    const auto answer = answer_to(request, call);
    if (call) call();
    if (answer.empty()) return;
    connection.write(answer);
  }
}

std::string FakeCa::answer_to(const std::string& request, std::function<void()>& call) {
  const std::lock_guard guard(lock_);
  Seen seen;
  seen.method = request.substr(0, request.find(' '));
  const auto path = request.substr(seen.method.size() + 2, request.find(" HTTP/") - seen.method.size() - 2);
  seen.resource = path.substr(0, path.find('/'));
  seen.url = url(path);
  const auto jws = json::parse(request.substr(request.find("\r\n\r\n") + 4)).value_or(json::Value());
  seen.header = json::parse(decoded(jws["protected"])).value_or(json::Value());
  seen.payload = decoded(jws["payload"]);
  seen_.push_back(seen);
  if (const auto found = calls_.find(seen.resource); found != calls_.end()) call = found->second;

  const bool is_signed = seen.method == "POST";
  Reply reply("200 OK", "");
  auto& scripted = instead_[seen.resource];
  if (!scripted.empty() && scripted.front().status.empty()) {
    scripted.pop_front();
    nonces_.erase(seen.header["nonce"].text_or());
    return {};
  }
  if (const auto fault = is_signed ? fault_of(seen, request, jws) : ""; !fault.empty()) {
    reply = problem("400 Bad Request", fault == "nonce" ? "badNonce" : "malformed", fault);
  } else if (!scripted.empty()) {
    reply = std::move(scripted.front());
    scripted.pop_front();
  } else {
    const auto& oddity = oddities_[seen.resource];
    auto odd = oddity ? oddity(seen) : std::nullopt;
    if (!odd && seen.resource == processed_twice_) usual_answer(seen);
    reply = odd ? *std::move(odd) : usual_answer(seen);
    if (const auto& change = changes_[seen.resource]; change && !odd) reply = change(seen, std::move(reply));
    if (reply.status.empty()) return {};
  }
  if (is_signed && withheld_nonces_ > 0) {
    --withheld_nonces_;
  } else if (seen.method != "GET") {
    reply.headers += "Replay-Nonce: " + new_nonce() + "\r\n";
  }
  return test::answer(reply.status, reply.headers + added_headers_[seen.resource], reply.body);
}

/// What of RFC 8555 §6.2-6.5 the request breaks; empty when it keeps to all.
std::string FakeCa::fault_of(const Seen& seen, const std::string& request, const json::Value& jws) {
  if (nonces_.erase(seen.header["nonce"].text_or()) == 0) return "nonce";
  if (refused_nonces_ > 0) {
    --refused_nonces_;
    return "nonce";
  }
  if (request.find("\r\nContent-Type: application/jose+json\r\n") == request.npos) return "the media type";
  if (request.find("\r\nUser-Agent: ") == request.npos) return "no User-Agent";
  if (seen.header["url"].text_or() != seen.url) return "the url";
  const bool rsa = seen.header["alg"].text_or() == "RS256";
  if (!rsa && seen.header["alg"].text_or() != "ES256") return "the alg";
  const bool may_be_either = seen.resource == "revoke-cert" && !seen.header["jwk"].is_null();
  const bool by_key = seen.resource == "new-account" || may_be_either;
  if (by_key != seen.header["kid"].is_null() || by_key == seen.header["jwk"].is_null()) return "kid or jwk";
  if (!by_key && seen.header["kid"].text_or() != account_url()) return "the kid";
  const auto key = by_key ? seen.header["jwk"] : json::parse(account_key_).value_or(json::Value());
  if (keeps_account_ && !is_signed_by(key, signing_input(jws), decoded(jws["signature"]))) return "the key";
  if (decoded(jws["signature"]).size() != (rsa ? 256 : 64)) return "the signature";
  return {};
}

FakeCa::Reply FakeCa::usual_answer(const Seen& seen) {
  const auto json_reply = [](const json::Object& body, const std::string& status = "200 OK") {
    return Reply(status, json::dump(body)).with("Content-Type: application/json");
  };
  if (seen.resource == "directory") return json_reply(directory_body());
  if (seen.resource == "new-nonce") return {"200 OK", ""};
  if (keeps_account_) {
    if (auto answer = account_answer(seen)) return *std::move(answer);
  }
  if (template_) {
    if (auto answer = delegation_answer(seen)) return *std::move(answer);
  }
  if (seen.resource == "new-account") {
    return json_reply({{"status", "valid"}}, "201 Created").with("Location: " + account_url());
  }
  if (seen.resource == "revoke-cert") return {"200 OK", ""};
  if (seen.resource == "new-order") {
    Order order;
    const auto payload = json::parse(seen.payload).value_or(json::Value());
    for (const auto& name : payload["identifiers"].elements()) order.names.push_back(name["value"].text_or());
    order.delegation = payload["delegation"].text_or();
    order.auto_renewal = agreed_ ? *agreed_ : payload["auto-renewal"];
    order.proved.resize(order.names.size(), !order.delegation.empty());
    orders_.push_back(std::move(order));
    const auto number = orders_.size() - 1;
    return json_reply(order_body(number), "201 Created").with("Location: " + url("order/" + std::to_string(number)));
  }
  if (seen.resource == "order") {
    if (processing_polls_ > 0) --processing_polls_;
    return json_reply(order_body(number_at(seen.url, 0)));
  }
  if (seen.resource == "authorization")
    return json_reply(authorization_body(number_at(seen.url, 1), number_at(seen.url, 0)));
  if (seen.resource == "challenge") {
    if (seen.payload != "{}") return problem("400 Bad Request", "malformed");
    orders_[number_at(seen.url, 1)].proved[number_at(seen.url, 0)] = true;
    return json_reply({{"type", "dns-01"}, {"url", seen.url}, {"status", "processing"}, {"token", "a-Token_0"}});
  }
  if (seen.resource == "finalize") {
    auto& order = orders_[number_at(seen.url, 0)];
    const bool all_proved = std::ranges::all_of(order.proved, [](bool proved) { return proved; });
    if (order.finalized || !all_proved) return problem("403 Forbidden", "orderNotReady");
    order.finalized = true;
    order.request = decoded(json::parse(seen.payload).value_or(json::Value())["csr"]);
    return json_reply(order_body(number_at(seen.url, 0)));
  }
  if (seen.resource == "certificate" && issue_) {
    const auto number = number_at(seen.url, 0);
    return Reply("200 OK", issue_({number, orders_[number].names, orders_[number].request}))
        .with("Content-Type: application/pem-certificate-chain");
  }
  if (const auto pem = pems_.find(seen.resource); pem != pems_.end()) {
    return Reply("200 OK", pem->second).with("Content-Type: application/pem-certificate-chain");
  }
  return problem("404 Not Found", "malformed", "no such resource");
}

/// What a server of the names' owner has besides (RFC 9115 §2.3); nothing for the rest.
std::optional<FakeCa::Reply> FakeCa::delegation_answer(const Seen& seen) {
  const auto reply = [](const json::Object& body) {
    return Reply("200 OK", json::dump(body)).with("Content-Type: application/json");
  };
  if (seen.resource == "account" && seen.payload.empty()) {
    return reply({{"status", "valid"}, {"delegations", url("delegations/1")}});
  }
  if (seen.resource == "delegations") return reply({{"delegations", json::Array{url("delegation/1")}}});
  if (seen.resource == "delegation") {
    if (seen.url != url("delegation/1")) return problem("403 Forbidden", "unknownDelegation");
    return reply({{"csr-template", *template_}});
  }
  if (seen.resource == "new-order") {
    const auto payload = json::parse(seen.payload).value_or(json::Value());
    if (payload["delegation"].text_or() != url("delegation/1")) return problem("403 Forbidden", "unknownDelegation");
    const auto& renewal = payload["auto-renewal"];
    const bool may_be_got = (renewal.is_null() ? payload : renewal)["allow-certificate-get"].bool_or(false) &&
                            payload["replaces"].is_null();
    if (!may_be_got) return problem("400 Bad Request", "malformed", "not as RFC 9115 has it");
  }
  if (seen.resource == "star" && seen.method == "GET" && issue_) {
    const auto number = number_at(seen.url, 0);
    return Reply("200 OK", issue_({number, orders_[number].names, orders_[number].request}))
        .with("Content-Type: application/pem-certificate-chain");
  }
  return std::nullopt;
}

/// What depends on the account's key and state; nothing for what does not.
std::optional<FakeCa::Reply> FakeCa::account_answer(const Seen& seen) {
  const auto payload = json::parse(seen.payload).value_or(json::Value());
  const auto valid = [this](const std::string& status) {
    return Reply(status, R"({"status":"valid"})")
        .with("Content-Type: application/json")
        .with("Location: " + account_url());
  };
  if (seen.resource == "new-account") {
    const auto key = json::dump(seen.header["jwk"]);
    if (key == account_key_) {
      return is_deactivated_ ? problem("403 Forbidden", "unauthorized", "the account is deactivated") : valid("200 OK");
    }
    if (payload["onlyReturnExisting"].bool_or(false)) return problem("400 Bad Request", "accountDoesNotExist");
    if (!account_key_.empty()) ++account_;
    account_key_ = key;
    is_deactivated_ = false;
    return valid("201 Created");
  }
  if (!seen.header["kid"].is_null() && is_deactivated_) return problem("403 Forbidden", "unauthorized", "deactivated");
  if (seen.resource == "account" && payload["status"].text_or() == "deactivated") {
    is_deactivated_ = true;
    return Reply("200 OK", R"({"status":"deactivated"})").with("Content-Type: application/json");
  }
  if (seen.resource == "key-change") {
    const auto header = json::parse(decoded(payload["protected"])).value_or(json::Value());
    const auto wish = json::parse(decoded(payload["payload"])).value_or(json::Value());
    const bool is_good = header["nonce"].is_null() && header["kid"].is_null() && header["url"].text_or() == seen.url &&
                         wish["account"].text_or() == account_url() && json::dump(wish["oldKey"]) == account_key_ &&
                         is_signed_by(header["jwk"], signing_input(payload), decoded(payload["signature"]));
    if (!is_good) return problem("400 Bad Request", "malformed", "the inner JWS");
    account_key_ = json::dump(header["jwk"]);
    return Reply("200 OK", "{}").with("Content-Type: application/json");
  }
  return std::nullopt;
}

json::Object FakeCa::order_body(std::size_t number) {
  const Order& order = orders_[number];
  json::Array identifiers;
  json::Array authorizations;
  bool all_proved = true;
  for (std::size_t i = 0; i < order.names.size(); ++i) {
    identifiers.push_back(json::Object{{"type", "dns"}, {"value", order.names[i]}});
    authorizations.push_back(url("authorization/" + std::to_string(number) + "/" + std::to_string(i)));
    all_proved = all_proved && order.proved[i];
  }
  json::Object body{{"identifiers", std::move(identifiers)}, {"authorizations", std::move(authorizations)}};
  body["finalize"] = url("finalize/" + std::to_string(number));
  if (!expires_.empty()) body["expires"] = expires_;
  body["status"] = all_proved ? "ready" : "pending";
  if (order.finalized) body["status"] = "valid";
  if (all_proved && processing_polls_ > 0) body["status"] = order.finalized ? "processing" : "pending";
  const bool is_valid = body["status"] == json::Value("valid");
  if (!order.delegation.empty()) {
    body["authorizations"] = json::Array{};
    body["delegation"] = order.delegation;
    if (order.auto_renewal.is_null()) body["allow-certificate-get"] = true;
  }
  if (!order.auto_renewal.is_null()) {
    body["auto-renewal"] = order.auto_renewal;
    if (is_valid) body["star-certificate"] = url("star/" + std::to_string(number));
  } else if (is_valid) {
    body["certificate"] = url("certificate/" + std::to_string(number));
  }
  return body;
}

json::Object FakeCa::authorization_body(std::size_t order, std::size_t index) {
  const auto name = orders_[order].names[index];
  const bool wildcard = name.starts_with("*.");
  const auto challenge_url = url("challenge/" + std::to_string(order) + "/" + std::to_string(index));
  json::Object challenge{{"type", "dns-01"}, {"url", challenge_url}, {"status", "pending"}, {"token", "a-Token_0"}};
  const auto* status = orders_[order].proved[index] ? "valid" : "pending";
  json::Object body{{"status", status}, {"challenges", json::Array{std::move(challenge)}}};
  body["identifier"] = json::Object{{"type", "dns"}, {"value", wildcard ? name.substr(2) : name}};
  if (wildcard) body["wildcard"] = true;
  return body;
}

json::Object FakeCa::directory_body() const {
  json::Object body{{"newNonce", url("new-nonce")}, {"newAccount", url("new-account")}, {"newOrder", url("new-order")}};
  body["revokeCert"] = url("revoke-cert");
  body["keyChange"] = url("key-change");
  body["pAnDoRa"] = "unknown members are ignored";
  for (const auto& [member, value] : directory_changes_) body.insert_or_assign(member, value);
  return body;
}

std::string FakeCa::new_nonce() {
  auto nonce = "nonce-" + std::to_string(++nonces_made_);
  nonces_.insert(nonce);
  return nonce;
}

}  // namespace acmed::test
