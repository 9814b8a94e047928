// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/tpm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/decoder.h>
#include <openssl/provider.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "base/crypto/digest.h"
#include "base/crypto/openssl.h"
#include "base/crypto/prompt.h"
#include "base/crypto/signature.h"
#include "base/crypto/store.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"

namespace acmed::crypto {
namespace {

/// The kernel's resource manager: there each process has a TPM of its own.
constexpr const char* device = "/dev/tpmrm0";
/// Without it OpenSSL 3.0 has the default provider sign, which has no such key; what is signed is digested here, since
/// a TPM is slow.
constexpr const char* properties = "?provider=tpm2,tpm2.digest!=yes";
constexpr std::string_view mark_of_key = "-----BEGIN TSS2 PRIVATE KEY-----";
constexpr std::size_t largest_key_file = std::size_t{64} << 10;
constexpr std::string_view trial = "acmed";

/// OpenSSL's context with the TPM open.
class OpenTpm {
 public:
  /// Leaves OpenSSL's errors when it is null.
  static std::shared_ptr<OpenTpm> open() {
    std::shared_ptr<OpenTpm> tpm(new OpenTpm);
    tpm->default_ = OSSL_PROVIDER_load(tpm->context(), "default");
    tpm->tpm2_ = OSSL_PROVIDER_load(tpm->context(), "tpm2");
    if (tpm->default_ == nullptr || tpm->tpm2_ == nullptr) return nullptr;
    need(EVP_set_default_properties(tpm->context(), properties), "use the provider tpm2");
    return tpm;
  }

  OpenTpm(const OpenTpm&) = delete;
  OpenTpm& operator=(const OpenTpm&) = delete;
  ~OpenTpm() {
    OPENSSL_thread_stop_ex(context());
    if (tpm2_ != nullptr) OSSL_PROVIDER_unload(tpm2_);
    if (default_ != nullptr) OSSL_PROVIDER_unload(default_);
  }

  OSSL_LIB_CTX* context() const { return context_.get(); }

  struct Shared {
    EVP_PKEY* key = nullptr;
    std::size_t users = 0;
  };
  /// Those in use, by their URI: the TPM's library knows a handle once, and forgets it with the first that ends.
  std::map<std::string, Shared> keys;

  /// Null when it is not in use.
  EVP_PKEY* key(const std::string& uri) const {
    const auto found = keys.find(uri);
    return found == keys.end() ? nullptr : found->second.key;
  }

 private:
  OpenTpm() : context_(need(OSSL_LIB_CTX_new(), "use the provider tpm2")) {}

  Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free> context_;
  OSSL_PROVIDER* default_ = nullptr;
  OSSL_PROVIDER* tpm2_ = nullptr;
};

/// The TPM of this process. It is used by one thread at a time: the provider's versions before 1.2 fail otherwise.
struct Tpm {
  std::shared_ptr<std::mutex> turn = std::make_shared<std::mutex>();
  std::weak_ptr<OpenTpm> open;              ///< while one of its keys is in use
  std::set<std::string> refused_passwords;  ///< digests, each of a key and a password
};

Tpm& the_tpm() {
  static Tpm tpm;
  return tpm;
}

/// A turn in which the TPM may be opened.
struct Use {
  explicit Use(std::mutex& turn) : lock(turn) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    if (tpm) OPENSSL_thread_stop_ex(tpm->context());
  }

  std::unique_lock<std::mutex> lock;
  std::shared_ptr<OpenTpm> tpm;
};

/// The place in words: what OpenSSL's store takes, and what a file holds.
struct Place {
  explicit Place(const std::string& uri) : text(uri) {
    if (!uri.starts_with("file:")) return;
    path = uri.substr(std::string_view("file:").size());
    path.erase(0, path.find_first_not_of('/') - 1);
  }

  std::string text;
  std::string path{};  ///< of the file; empty for a handle
};

/// What a response code of the TPM, or of the way to it, says.
enum class Meaning { absent, no_way, locked, wrong_password, no_such_key, unsuitable, foreign, other };

constexpr unsigned layer_of_way = 10;  ///< TSS 2.0: TSS2_TCTI_RC_LAYER
constexpr unsigned not_supported = 0x15;

/// The provider's details begin with the code.
std::optional<unsigned> code_of(const Complaint& complaint) {
  std::string_view rest = complaint.details;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    char* end = nullptr;
    const std::string text(line);
    const auto code = std::strtoul(text.c_str(), &end, 10);
    if (end != text.c_str() && *end == ' ') return static_cast<unsigned>(code);
    rest.remove_prefix(line.size() + 1);
  }
  return std::nullopt;
}

/// TPM 2.0 Library, Part 2, §6.6: the codes of format 1 have bit 7, and a number of six bits; the rest says which
/// parameter, handle or session is meant.
Meaning meaning_of(const Complaint& complaint) {
  const auto code = code_of(complaint).value_or(0);
  if (((code >> 16U) & 0xffU) == layer_of_way) {
    return (code & 0xffffU) == not_supported ? Meaning::no_way : Meaning::absent;
  }
  if ((code & 0xfffU) == 0x921) return Meaning::locked;  // TPM_RC_LOCKOUT
  if ((code & 0x80U) == 0) return Meaning::other;
  switch (code & 0x3fU) {
    case 0x0e:  // TPM_RC_AUTH_FAIL
    case 0x22:  // TPM_RC_BAD_AUTH
      return Meaning::wrong_password;
    case 0x04:  // TPM_RC_VALUE
    case 0x0b:  // TPM_RC_HANDLE
      return Meaning::no_such_key;
    case 0x02:  // TPM_RC_ATTRIBUTES
    case 0x12:  // TPM_RC_SCHEME
    case 0x1c:  // TPM_RC_KEY
      return Meaning::unsuitable;
    case 0x1f:  // TPM_RC_INTEGRITY
      return Meaning::foreign;
    default:
      return Meaning::other;
  }
}

/// Whether the TPM itself said it, and not what leads to it.
bool is_of_tpm(const Complaint& complaint) {
  const auto layer = code_of(complaint).value_or(0) >> 16U;
  return layer == 0 || layer == 11 || layer == 12;  // TSS 2.0: the TPM, and two that speak for it
}

std::string way() {
  const char* tcti = std::getenv(tcti_variable);
  return tcti != nullptr ? fmt::format("{}={}", tcti_variable, tcti) : device;
}

std::string digest_of(const Place& place, const Secret& password) {
  return sha256(place.text + '\n' + password.reveal());
}

[[noreturn]] void refuse_password(const Place& place, const Secret& password) {
  if (password.empty()) {
    throw Refused("tpm:password",
                  fmt::format("the TPM wants a password for the key {}; write pin = {{ file = \"PATH\" }} beside `key`",
                              place.text));
  }
  throw Refused("tpm:password",
                fmt::format("the TPM refuses the password of the key {}; write the right one to where `pin` says. It "
                            "is not offered to the TPM again until it is another one or acmed is restarted",
                            place.text));
}

[[noreturn]] void fail_without_key(const Place& place) {
  if (!place.path.empty()) {
    throw Refused(
        "tpm:key",
        fmt::format("the key in {} cannot be loaded into the TPM, which has not the one that it is wrapped by: "
                    "make it anew, or have that one there again",
                    place.path));
  }
  throw Refused("tpm:key", fmt::format("the TPM has no key {}: make one persistent there, or name another one in "
                                       "`key`; tpm2_getcap handles-persistent lists them",
                                       place.text));
}

/// What a complaint about the TPM or a key in it means. Where the way to the TPM is broken, it is opened anew by the
/// next who wants it.
[[noreturn]] void fail_by(const Complaint& complaint, const Place& place, const Secret& password) {
  if (!is_of_tpm(complaint)) the_tpm().open.reset();
  switch (meaning_of(complaint)) {
    case Meaning::absent:
      throw Retry("tpm:absent", fmt::format("the TPM does not answer at {} ({}): is it there, and does nobody else "
                                            "have it open?",
                                            way(), complaint.text));
    case Meaning::no_way:
      throw Refused("tpm:provider", fmt::format("there is no way to a TPM by {} ({}): correct it, or install the "
                                                "library of that name, as apt install libtss2-tcti-device0 does",
                                                way(), complaint.text));
    case Meaning::locked:
      throw Retry("tpm:locked",
                  fmt::format("the TPM has locked itself after wrong passwords and does not use the key {}; it opens "
                              "again by itself after some time, or by tpm2_dictionarylockout --clear-lockout",
                              place.text));
    case Meaning::wrong_password:
      the_tpm().refused_passwords.insert(digest_of(place, password));
      refuse_password(place, password);
    case Meaning::no_such_key:
      fail_without_key(place);
    case Meaning::unsuitable:
      throw Refused("tpm:key", fmt::format("the key {} of the TPM is none that signs for TLS ({}): make one with the "
                                           "attribute sign and without restricted, or name another one in `key`",
                                           place.text, complaint.text));
    case Meaning::foreign:
      throw Refused("tpm:key", fmt::format("the key {} was made by another TPM, or before this one was cleared: make "
                                           "it anew in this TPM",
                                           place.text));
    case Meaning::other:
      break;
  }
  if (!place.path.empty() && !code_of(complaint)) {
    throw Refused("tpm:key", fmt::format("the key in {} cannot be read ({}): make it anew by openssl genpkey -provider "
                                         "tpm2",
                                         place.path, complaint.text));
  }
  throw Retry("tpm:failed", fmt::format("the key {} of the TPM cannot be used: {}", place.text, complaint.text));
}

/// A TPM emulator on the network, or another one, would be taken where the device is missing.
void require_device() {
  constexpr std::string_view mend =
      "for the service type sudo systemctl edit acmed, and add [Service], SupplementaryGroups=tss, PrivateDevices=no, "
      "DeviceAllow=/dev/tpmrm0 rw";
  if (std::getenv(tcti_variable) != nullptr) return;
  const Fd opened(::open(device, O_RDWR | O_CLOEXEC));
  if (opened || errno == EBUSY) return;
  const int error = errno;
  if (error == EACCES || error == EPERM) {
    throw Refused("tpm:access",
                  fmt::format("{}; {}", system_error_sentence(fmt::format("use the TPM {}", device), error), mend));
  }
  throw Retry("tpm:absent",
              fmt::format("there is no TPM at {}; {}; for another way to it set {}", device, mend, tcti_variable));
}

/// Opens it, unless it is open.
void open(Use& use, const Place& place, const Secret& password) {
  use.tpm = the_tpm().open.lock();
  if (use.tpm) return;
  require_device();
  ERR_clear_error();
  use.tpm = OpenTpm::open();
  the_tpm().open = use.tpm;
  if (use.tpm) return;
  const auto complaint = take_complaint();
  if (code_of(complaint)) fail_by(complaint, place, password);
  throw Refused("tpm:provider",
                fmt::format("OpenSSL's provider tpm2, by which keys in a TPM are used, cannot be loaded "
                            "({}); install it: apt install tpm2-openssl",
                            complaint.text));
}

/// What the file of the key holds; empty for a handle.
std::string wrapped_key(const Place& place) {
  if (place.path.empty()) return {};
  auto text = files::read(place.path, largest_key_file);
  if (!text) throw Refused("tpm:key", fmt::format("there is no file {}, which `key` names", place.path));
  if (text->find(mark_of_key) == text->npos) {
    throw Refused("tpm:key", fmt::format("{} has no key of a TPM, which begins with {}; acmed uses no other key files: "
                                         "make one by openssl genpkey -provider tpm2, or leave `key` out",
                                         place.path, mark_of_key));
  }
  return *std::move(text);
}

/// OpenSSL's store would read the file too, but loses what the TPM says.
EVP_PKEY* load_from_file(OSSL_LIB_CTX* context, const std::string& wrapped, Answer* answer) {
  EVP_PKEY* key = nullptr;
  const OwnedBio bio(need(BIO_new_mem_buf(wrapped.data(), static_cast<int>(wrapped.size())), "read a key"));
  const Owned<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free> decoder(
      need(OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", nullptr, nullptr, EVP_PKEY_KEYPAIR, context, "provider=tpm2"),
           "read a key"));
  need(OSSL_DECODER_CTX_set_passphrase_ui(decoder.get(), answers(), answer), "read a key");
  return OSSL_DECODER_from_bio(decoder.get(), bio.get()) == 1 ? key : nullptr;
}

/// Loads the key; null when that fails. `wrapped`: what its file holds.
EVP_PKEY* load(OSSL_LIB_CTX* context, const Place& place, const std::string& wrapped, const Secret& password) {
  Answer answer{password};
  ERR_clear_error();
  if (!place.path.empty()) return load_from_file(context, wrapped, &answer);
  return load_from_store(context, place.text + (password.empty() ? "" : "?pass"), &answer);
}

/// Finds it without using it, in the turn of `use`.
std::shared_ptr<EVP_PKEY> find(Use& use, const Place& place, const Secret& password) {
  const auto wrapped = wrapped_key(place);
  open(use, place, password);
  auto* key = use.tpm->key(place.text);
  if (key == nullptr) key = load(use.tpm->context(), place, wrapped, password);
  if (key == nullptr) fail_by(take_complaint(), place, password);
  auto& shared = use.tpm->keys[place.text];
  shared.key = key;
  ++shared.users;
  return {key, [tpm = use.tpm, uri = place.text, turn = the_tpm().turn](EVP_PKEY* freed) mutable {
            const std::lock_guard guard(*turn);
            if (--tpm->keys.at(uri).users == 0) {
              EVP_PKEY_free(freed);
              tpm->keys.erase(uri);
            }
            OPENSSL_thread_stop_ex(tpm->context());
            tpm.reset();
          }};
}

/// Has the key sign once.
void try_out(const PrivateKey& key, const Place& place, const Secret& password) {
  const auto turn = key.turn();
  const auto digest = signature_digest(key.type());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.native_public())), '\0');
  std::size_t size = signature.size();
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> signing(need(EVP_MD_CTX_new(), "sign"));
  begin_signature(signing.get(), key, digest);
  if (EVP_DigestSign(signing.get(), octets(signature), &size, octets(trial), trial.size()) != 1) {
    fail_by(take_complaint(), place, password);
  }
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> verifying(need(EVP_MD_CTX_new(), "verify"));
  const auto* algorithm = digest ? message_digest(*digest) : nullptr;
  need(EVP_DigestVerifyInit(verifying.get(), nullptr, algorithm, nullptr, key.native_public()), "verify");
  if (EVP_DigestVerify(verifying.get(), octets(signature), size, octets(trial), trial.size()) != 1) {
    throw Retry("tpm:failed", fmt::format("what the key {} of the TPM signs is not good by its public key: {}",
                                          place.text, take_complaint().text));
  }
}

PrivateKey find_and_try(const Place& place, const Secret& password, bool* was_open) {
  std::shared_ptr<EVP_PKEY> found;
  OSSL_LIB_CTX* context = nullptr;
  {
    Use use(*the_tpm().turn);
    *was_open = !the_tpm().open.expired();
    if (the_tpm().refused_passwords.contains(digest_of(place, password))) refuse_password(place, password);
    found = find(use, place, password);
    context = use.tpm->context();
  }
  auto key = PrivateKey::in_token(place.text, std::move(found), the_tpm().turn, context);
  try_out(key, place, password);
  return key;
}

bool is_open() {
  const std::lock_guard guard(*the_tpm().turn);
  return !the_tpm().open.expired();
}

}  // namespace

PrivateKey find_in_tpm(const std::string& uri, const Secret& password) {
  const Place place(uri);
  bool was_open = false;
  try {
    return find_and_try(place, password, &was_open);
  } catch (const Retry&) {
    if (!was_open || is_open()) throw;
  }
  // It was open since before the TPM was started anew.
  return find_and_try(place, password, &was_open);
}

void look_for_in_tpm(const std::string& uri) {
  const Place place(uri);
  const Secret none;
  Use use(*the_tpm().turn);
  const auto wrapped = wrapped_key(place);
  open(use, place, none);
  if (use.tpm->key(uri) != nullptr) return;
  // Not for others: it has no password.
  const Owned<EVP_PKEY, EVP_PKEY_free> key(load(use.tpm->context(), place, wrapped, none));
  if (!key) fail_by(take_complaint(), place, none);
}

}  // namespace acmed::crypto
