// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/floor_ca.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <strings.h>

#include <cstdio>
#include <cstdlib>

namespace floor_bench {

namespace {

constexpr std::size_t coordinate_size = 32;  // octets, P-256

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Freed<free>>;
using File = Owned<FILE, &std::fclose>;

const unsigned char* octets_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string joined(const std::vector<std::string>& names, const std::string& before) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ",") + before + name;
  return list;
}

/// The DER form to r and s side by side (RFC 7518 §3.4).
std::string raw_signature(const std::string& der) {
  const unsigned char* at = octets_of(der);
  const Owned<ECDSA_SIG, &ECDSA_SIG_free> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string raw(2 * coordinate_size, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), octets_of(raw), coordinate_size);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), octets_of(raw) + coordinate_size, coordinate_size);
  return raw;
}

std::string signature(EVP_PKEY* key, const std::string& data) {
  const Owned<EVP_MD_CTX, &EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
  EVP_DigestSign(context.get(), nullptr, &size, octets_of(data), data.size());
  std::string der(size, '\0');
  EVP_DigestSign(context.get(), octets_of(der), &size, octets_of(data), data.size());
  der.resize(size);
  return raw_signature(der);
}

}  // namespace

void die(const std::string& sentence) {
  std::fprintf(stderr, "floor: %s\n", sentence.c_str());
  std::exit(1);
}

std::string lab_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) die(std::string(name) + " is not set: eval \"$(lab env DIR)\"");
  return value;
}

std::string base64url(const std::string& octets) {
  std::string text(4 * ((octets.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(octets_of(text), octets_of(octets), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string sha256(const std::string& octets) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(octets_of(octets), octets.size(), octets_of(digest));
  return digest;
}

Account::Account() : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free) {}

Account::Account(const std::string& file) {
  const File in(std::fopen(file.c_str(), "r"));
  char line[1024];
  if (in == nullptr || std::fgets(line, sizeof line, in.get()) == nullptr) die("cannot read " + file);
  url = line;
  url.pop_back();  // the end of the line
  key_.reset(PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
}

void Account::save(const std::string& file) const {
  const File out(std::fopen(file.c_str(), "w"));
  if (out == nullptr) die("cannot write " + file);
  std::fprintf(out.get(), "%s\n", url.c_str());
  PEM_write_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

std::string Account::jwk() const {
  std::string point(1 + 2 * coordinate_size, '\0');
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, octets_of(point), point.size(), &size);
  // The members in the order of RFC 7638, so that the digest of this text is the thumbprint.
  return R"({"crv":"P-256","kty":"EC","x":")" + base64url(point.substr(1, coordinate_size)) + R"(","y":")" +
         base64url(point.substr(1 + coordinate_size)) + R"("})";
}

std::string Account::sign(const std::string& to, const std::string& nonce, const std::string& payload) const {
  const std::string signer = url.empty() ? R"("jwk":)" + jwk() : R"("kid":)" + quoted(url);
  const std::string head =
      base64url(R"({"alg":"ES256","nonce":)" + quoted(nonce) + R"(,"url":)" + quoted(to) + "," + signer + "}");
  const std::string body = base64url(payload);
  return R"({"protected":)" + quoted(head) + R"(,"payload":)" + quoted(body) + R"(,"signature":)" +
         quoted(base64url(signature(key_.get(), head + "." + body))) + "}";
}

std::string Account::proof(const std::string& token) const {
  return base64url(sha256(token + "." + base64url(sha256(jwk()))));
}

std::string new_csr(const std::vector<std::string>& names) {
  const Owned<EVP_PKEY, &EVP_PKEY_free> key(EVP_EC_gen("P-256"));
  const Owned<X509_REQ, &X509_REQ_free> request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key.get());
  X509_EXTENSION* san = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, joined(names, "DNS:").c_str());
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions, san);
  X509_REQ_add_extensions(request.get(), extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_sign(request.get(), key.get(), EVP_sha256());
  std::string der(static_cast<std::size_t>(i2d_X509_REQ(request.get(), nullptr)), '\0');
  unsigned char* at = octets_of(der);
  i2d_X509_REQ(request.get(), &at);
  return der;
}

std::atomic<int> Lane::requests{0};

Lane::Lane(const Account& account)
    : account_(account),
      handle_(curl_easy_init(), &curl_easy_cleanup),
      post_headers_(curl_slist_append(nullptr, "Content-Type: application/jose+json"), &curl_slist_free_all) {
  CURL* const h = handle_.get();
  curl_easy_setopt(h, CURLOPT_CAINFO, lab_variable("LAB_CA_BUNDLE").c_str());
  curl_easy_setopt(h, CURLOPT_USERAGENT, "floor");
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &Lane::on_body);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, &Lane::on_header);
  curl_easy_setopt(h, CURLOPT_HEADERDATA, this);
}

std::size_t Lane::on_body(char* data, std::size_t size, std::size_t count, void* lane) {
  static_cast<Lane*>(lane)->body_.append(data, size * count);
  return size * count;
}

std::size_t Lane::on_header(char* data, std::size_t size, std::size_t count, void* lane) {
  const std::string line(data, size * count);
  const auto value_of = [&line](const std::string& field, std::string& value) {
    if (strncasecmp(line.c_str(), field.c_str(), field.size()) != 0) return;
    value = line.substr(field.size(), line.find_last_not_of("\r\n") + 1 - field.size());
  };
  value_of("replay-nonce: ", static_cast<Lane*>(lane)->nonce_);
  value_of("location: ", static_cast<Lane*>(lane)->location_);
  return size * count;
}

void Lane::perform(const std::string& url) {
  requests++;
  body_.clear();
  location_.clear();
  curl_easy_setopt(handle_.get(), CURLOPT_URL, url.c_str());
  const CURLcode result = curl_easy_perform(handle_.get());
  if (result != CURLE_OK) die(url + ": " + curl_easy_strerror(result));
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status >= 400) die(url + ": " + std::to_string(status) + " " + body_);
}

void Lane::get(const std::string& url) {
  curl_easy_setopt(handle_.get(), CURLOPT_HTTPGET, 1L);
  perform(url);
}

void Lane::head(const std::string& url) {
  curl_easy_setopt(handle_.get(), CURLOPT_NOBODY, 1L);
  perform(url);
  curl_easy_setopt(handle_.get(), CURLOPT_NOBODY, 0L);
}

void Lane::post(const std::string& url, const std::string& payload) {
  const std::string jws = account_.sign(url, nonce_, payload);
  curl_easy_setopt(handle_.get(), CURLOPT_POST, 1L);
  curl_easy_setopt(handle_.get(), CURLOPT_HTTPHEADER, post_headers_.get());
  curl_easy_setopt(handle_.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(jws.size()));
  curl_easy_setopt(handle_.get(), CURLOPT_POSTFIELDS, jws.c_str());
  perform(url);
}

rapidjson::Document Lane::json() const {
  rapidjson::Document document;
  if (document.Parse(body_.c_str()).HasParseError()) die("no JSON: " + body_);
  return document;
}

}  // namespace floor_bench
