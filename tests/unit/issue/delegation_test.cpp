// SPDX-License-Identifier: Apache-2.0
#include <openssl/bio.h>
#include <openssl/x509.h>

#include <memory>

#include "daemon/issue/delegated_request.h"
#include "daemon/renew/star.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

/// Names that their owner has delegated to us (RFC 9115), as certificates that the CA renews by itself (RFC 8739).
namespace acmed::issue {
namespace {

using Catch::Contains;
using test::FakeCa;
using test::JourneyScene;
using namespace std::chrono_literals;

constexpr const char* end_date = "2026-11-30T00:00:00Z";
constexpr std::int64_t lifetime = 345'600;  // four days

json::Object ec_key() {
  return {{"PublicKeyType", "id-ecPublicKey"}, {"namedCurve", "secp256r1"}, {"SignatureType", "ecdsa-with-SHA256"}};
}

json::Object csr_template() {
  return {{"keyTypes", json::Array{ec_key()}},
          {"subject", json::Object{{"country", "CA"}, {"commonName", "**"}, {"locality", "*"}}},
          {"extensions", json::Object{{"subjectAltName", json::Object{{"DNS", json::Array{"www.ido.test"}}}},
                                      {"keyUsage", json::Array{"digitalSignature"}},
                                      {"extendedKeyUsage", json::Array{"serverAuth", "1.3.6.1.5.5.7.3.2"}}}}};
}

/// The scene with the server of a names' owner in place of a CA. Its certificates live four days, the first one from
/// the scene's begin; further ones begin as the test says.
struct Delegated : JourneyScene {
  Delegated() {
    ca.delegate(csr_template());
    ca.agree_to(auto_renewal(end_date));
    ca.issue_by([this](const FakeCa::Issuance& issuance) {
      csr = issuance.request;
      test::CertificateFacts facts;
      facts.serial = serial;
      facts.not_before = begin;
      facts.not_after = begin + std::chrono::seconds(lifetime);
      return leaf(issuance, facts) + issuer.intermediate_pem();
    });
    request.domains = {"www.ido.test"};
    request.delegation = ca.url("delegation/1");
  }

  static json::Object auto_renewal(const char* end) {
    return {{"end-date", end}, {"lifetime", lifetime}, {"allow-certificate-get", true}};
  }

  /// The CA has published the next one.
  void publish(const std::string& next_serial) {
    serial = next_serial;
    begin += 48h;
    clock.advance(48h);
  }

  std::chrono::sys_seconds begin = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);
  std::string serial = "01";
  std::string csr;
};

/// As `openssl req -text` shows it.
std::string text_of(const std::string& csr) {
  const auto* at = reinterpret_cast<const unsigned char*>(csr.data());
  const std::unique_ptr<X509_REQ, void (*)(X509_REQ*)> request(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(csr.size())), X509_REQ_free);
  if (!request) throw std::logic_error("no CSR");
  if (X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) != 1) return "a wrong signature";
  const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
  X509_REQ_print(out.get(), request.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

json::Value payload_of(const FakeCa& ca, const std::string& resource) {
  for (const auto& seen : ca.seen()) {
    if (seen.resource == resource) return json::parse(seen.payload).value_or(json::Value());
  }
  return {};
}

acme::CsrTemplate template_of(json::Object changes) {
  auto value = csr_template();
  for (auto& [member, change] : changes) value.insert_or_assign(member, std::move(change));
  return acme::CsrTemplate::from_json(value);
}

json::Object extensions(json::Object subject_alt_name) {
  return {{"subjectAltName", std::move(subject_alt_name)}};
}

std::string refusal(const acme::CsrTemplate& wanted, crypto::KeyType type, const std::vector<std::string>& names) {
  try {
    request_for(wanted, type, names);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

std::string refusal(const json::Object& changes) {
  try {
    template_of(changes);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

SCENARIO("delegated names are issued without a proof of ours, and the request says what their owner wants") {
  Delegated scene;
  CHECK(scene.run() == "");
  CHECK(scene.provider->calls == 0);
  CHECK(scene.ca.count("authorization") == 0);
  CHECK_FALSE(scene.live("cert.pem").empty());

  const auto order = payload_of(scene.ca, "new-order");
  CHECK(order["delegation"].text_or() == scene.ca.url("delegation/1"));
  CHECK(order["auto-renewal"]["lifetime"].integer_or(0) == lifetime);
  CHECK(order["auto-renewal"]["end-date"].text_or() == "2027-02-20T00:00:00Z");
  CHECK(order["replaces"].is_null());

  const auto csr = text_of(scene.csr);
  CHECK_THAT(csr, Contains("Subject: C=CA, CN=www.ido.test\n"));
  CHECK_THAT(csr, Contains("X509v3 Key Usage: critical\n                    Digital Signature\n"));
  CHECK_THAT(csr, Contains("TLS Web Server Authentication, TLS Web Client Authentication\n"));
  CHECK_THAT(csr, Contains("DNS:www.ido.test\n"));
  CHECK_THAT(csr, Contains("ecdsa-with-SHA256"));

  const auto state = scene.state();
  REQUIRE(state.star);
  CHECK_FALSE(state.order);
  CHECK(state.star->certificate_url == scene.ca.url("star/0"));
  CHECK(state.star->is_public);
  CHECK(scene.asked("star/0") == 1);
}

SCENARIO("the account's only delegation need not be named") {
  Delegated scene;
  scene.request.delegation = config::only_delegation;
  CHECK(scene.run() == "");
  CHECK(payload_of(scene.ca, "new-order")["delegation"].text_or() == scene.ca.url("delegation/1"));
}

SCENARIO("the next certificate of the same order is fetched from the same URL, and has the same key") {
  Delegated scene;
  REQUIRE(scene.run() == "");
  const auto key = scene.live("privkey.pem");
  scene.publish("02");
  CHECK(scene.run() == "");
  scene.publish("03");
  scene.ca.forget_seen();
  CHECK(scene.run() == "");
  CHECK(scene.ca.orders() == 1);
  CHECK(scene.ca.count("star") == 1);
  CHECK(scene.ca.count("finalize") == 0);
  for (const auto& seen : scene.ca.seen()) {
    if (seen.resource == "star") CHECK(seen.method == "GET");
  }
  CHECK(scene.live("privkey.pem") == key);
  const auto state = scene.state();
  CHECK(state.issued->serial == "03");
  CHECK(state.issued->generation == 3);
  CHECK(state.star);
}

SCENARIO("the certificate in service is no next one") {
  Delegated scene;
  REQUIRE(scene.run() == "");
  CHECK_THAT(scene.run(), Contains("acme:no-next-certificate") && Contains("need not have published"));
  CHECK(scene.ca.orders() == 1);
  CHECK(scene.state().issued->generation == 1);
  CHECK(scene.state().star);
}

SCENARIO("an order that is renewed no more is followed by a new one, with a new key") {
  Delegated scene;
  REQUIRE(scene.run() == "");
  const auto key = scene.live("privkey.pem");
  const auto type = GENERATE(std::string("autoRenewalCanceled"), std::string("autoRenewalExpired"));
  scene.ca.instead("star", test::problem("403 Forbidden", type));
  scene.publish("02");
  CHECK(scene.run() == "");
  CHECK(scene.ca.orders() == 2);
  CHECK(scene.live("privkey.pem") != key);
  CHECK(scene.state().star->certificate_url == scene.ca.url("star/1"));
}

SCENARIO("a certificate that ends with its order is followed by a new order") {
  Delegated scene;
  scene.ca.agree_to(Delegated::auto_renewal("2026-11-26T00:00:00Z"));
  REQUIRE(scene.run() == "");
  scene.publish("02");
  CHECK(scene.run() == "");
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("the key of a certificate that is revoked, or is to be, is used no more") {
  Delegated scene;
  REQUIRE(scene.run() == "");
  auto state = scene.state();
  store::Revocation revocation;
  revocation.generation = 1;
  revocation.serial = "01";
  revocation.reason = "keyCompromise";
  state.revocations = std::vector<store::Revocation>{revocation};
  acmed::run(scene.loop, scene.store.save_certificate("web", state));
  scene.publish("02");
  CHECK(scene.run() == "");
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("a trouble in fetching the next certificate makes no new order") {
  Delegated scene;
  REQUIRE(scene.run() == "");
  scene.publish("02");
  scene.ca.be_odd("star", [](const FakeCa::Seen&) { return FakeCa::Reply("503 Service Unavailable", "back soon"); });
  CHECK_FALSE(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
  scene.ca.be_odd("star", {});
  CHECK(scene.run() == "");
  CHECK(scene.ca.orders() == 1);
  CHECK(scene.state().issued->serial == "02");
}

SCENARIO("another delegation, or names of our own again, end the order") {
  Delegated scene;
  REQUIRE(scene.run() == "");
  scene.publish("02");
  scene.request.delegation = config::only_delegation;
  CHECK(scene.run() == "");
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("where the server renews nothing by itself, it is an order like any other") {
  Delegated scene;
  scene.ca.set_directory("meta", json::Object{{"delegation-enabled", true}});
  scene.ca.agree_to({});
  CHECK(scene.run() == "");
  CHECK_FALSE(scene.state().star);
  CHECK(payload_of(scene.ca, "new-order")["allow-certificate-get"].bool_or(false));
  CHECK(payload_of(scene.ca, "new-order")["auto-renewal"].is_null());
  CHECK(scene.asked("certificate/0") == 1);
  CHECK(scene.ca.seen().back().method == "GET");
  scene.publish("02");
  CHECK(scene.run() == "");
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("what does not fit the delegation is told before anything is ordered") {
  Delegated scene;
  SECTION("other names") {
    scene.request.domains = {"www.ido.test", "more.ido.test"};
    CHECK_THAT(scene.run(), Contains("set domains = [\"www.ido.test\"]"));
  }
  SECTION("another type of key") {
    scene.request.key_type = crypto::KeyType::ecdsa_p384;
    CHECK_THAT(scene.run(), Contains("allows no key of type ecdsa-p384: set key_type = \"ecdsa-p256\""));
  }
  SECTION("a server that delegates nothing") {
    scene.ca.set_directory("meta", json::Object());
    CHECK_THAT(scene.run(), Contains("CA fake delegates no names") && Contains("leave `delegation` out"));
  }
  SECTION("an unknown delegation") {
    scene.request.delegation = scene.ca.url("delegation/2");
    CHECK_THAT(scene.run(), Contains("does not delegate " + scene.ca.url("delegation/2")) &&
                                Contains("set `delegation` to one of " + scene.ca.url("delegation/1")));
  }
  CHECK(scene.ca.orders() == 0);
}

SCENARIO("a server that learns to delegate is believed at once") {
  Delegated scene;
  scene.ca.set_directory("meta", json::Object());
  REQUIRE_FALSE(scene.run().empty());
  scene.ca.delegate(csr_template());
  CHECK(scene.run() == "");
}

SCENARIO("a CA whose certificates cannot be downloaded by GET is told as what it is") {
  Delegated scene;
  scene.ca.change_answers("finalize", [](const FakeCa::Seen&, FakeCa::Reply usual) {
    auto body = *json::parse(usual.body)->as_object();
    body["status"] = "invalid";
    body["auto-renewal"] =
        json::Object{{"end-date", end_date}, {"lifetime", lifetime}, {"allow-certificate-get", false}};
    usual.body = json::dump(body);
    return usual;
  });
  CHECK_THAT(scene.run(), Contains("acme:allow-certificate-get"));
}

SCENARIO("a template says which names there are, and which may be chosen") {
  using enum crypto::KeyType;
  const auto chosen = template_of({{"extensions", extensions({{"DNS", json::Array{"a.test", "**", "*"}}})}});
  CHECK_THAT(refusal(chosen, ecdsa_p256, {"a.test"}), Contains("so many more that there are 2 to 3"));
  CHECK(refusal(chosen, ecdsa_p256, {"a.test", "b.test"}).empty());
  CHECK(refusal(chosen, ecdsa_p256, {"a.test", "b.test", "c.test"}).empty());
  CHECK_FALSE(refusal(chosen, ecdsa_p256, {"a.test", "b.test", "c.test", "d.test"}).empty());
  CHECK_FALSE(refusal(chosen, ecdsa_p256, {"b.test", "c.test"}).empty());

  const auto wildcard = template_of({{"extensions", extensions({{"DNS", json::Array{"*.a.test"}}})}});
  CHECK(refusal(wildcard, ecdsa_p256, {"*.a.test"}).empty());
  CHECK_FALSE(refusal(wildcard, ecdsa_p256, {"b.a.test"}).empty());
}

SCENARIO("a template says which keys and signatures there are") {
  using enum crypto::KeyType;
  const json::Object pss{{"PublicKeyType", "rsaEncryption"},
                         {"PublicKeyLength", std::int64_t{2048}},
                         {"SignatureType", "sha384WithRSAandMGF1"}};
  const json::Object unusual{{"PublicKeyType", "rsaEncryption"},
                             {"PublicKeyLength", std::int64_t{1024}},
                             {"SignatureType", "sha256WithRSAEncryption"}};
  const auto wanted = template_of({{"keyTypes", json::Array{unusual, pss, ec_key()}}});
  const auto rsa = request_for(wanted, rsa_2048, {"www.ido.test"});
  CHECK(rsa.is_pss);
  CHECK(rsa.digest_bits == 384);
  const auto text = text_of(crypto::make_csr(crypto::PrivateKey::generate(rsa_2048), rsa));
  CHECK_THAT(text, Contains("rsassaPss") && Contains("Salt Length: 0x30"));
  CHECK_FALSE(request_for(wanted, ecdsa_p256, {"www.ido.test"}).is_pss);
  CHECK_THAT(refusal(wanted, ed25519, {"www.ido.test"}), Contains("set key_type = \"rsa-2048\" or \"ecdsa-p256\""));
  CHECK_THAT(refusal(template_of({{"keyTypes", json::Array{unusual}}}), rsa_2048, {"www.ido.test"}),
             Contains("allows no key that acmed can make"));
}

SCENARIO("a template that cannot be obeyed is refused, naming the member") {
  const json::Object no_signature{{"PublicKeyType", "id-ecPublicKey"}, {"namedCurve", "secp256r1"}};
  CHECK_THAT(refusal({{"keyTypes", json::Array()}}), Contains("keyTypes is missing"));
  CHECK_THAT(refusal({{"keyTypes", json::Array{no_signature}}}), Contains("without SignatureType"));
  CHECK_THAT(refusal({{"mustStaple", true}}), Contains("unknown member \"mustStaple\""));
  CHECK_THAT(refusal({{"extensions", json::Object()}}), Contains("subjectAltName is missing"));
  CHECK_THAT(refusal({{"extensions", extensions({{"DNS", json::Array()}})}}), Contains("DNS is not a list"));
  CHECK_THAT(refusal({{"extensions", extensions({{"DNS", json::Array{""}}})}}), Contains("has the element"));
  CHECK_THAT(refusal({{"subject", json::Object{{"surname", "X"}}}}), Contains("unknown member \"surname\""));
  CHECK_THAT(refusal(template_of({{"subject", json::Object{{"organization", "**"}}}}), crypto::KeyType::ecdsa_p256,
                     {"www.ido.test"}),
             Contains("wants a organization of our choice"));
}

SCENARIO("the next certificate is looked for when half of the order's lifetime is left") {
  store::Certificate certificate;
  CHECK_FALSE(renew::next_star_certificate(certificate));
  const Time begin = to_time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
  certificate.issued.emplace();
  certificate.issued->not_before = begin;
  certificate.issued->not_after = begin + 18h;
  CHECK_FALSE(renew::next_star_certificate(certificate));
  certificate.star = store::StarOrder();
  certificate.star->lifetime = 12h;
  CHECK(renew::next_star_certificate(certificate) == begin + 12h);
  certificate.star->lifetime = std::chrono::seconds(1);  // which cannot be
  CHECK(renew::next_star_certificate(certificate) == begin + 18h - 4h - 30min);
}

}  // namespace acmed::issue
