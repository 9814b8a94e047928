// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3 calls engines deprecated in favour of providers, but Debian 12 has no provider for PKCS #11, and the engine
// says more about what is wrong: the provider is used where there is no engine.
#include "base/crypto/token.h"

#include <fmt/format.h>
#include <openssl/engine.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/crypto/digest.h"
#include "base/crypto/openssl.h"
#include "base/crypto/prompt.h"
#include "base/crypto/token_provider.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

constexpr const char* engine_id = "pkcs11";

/// OpenSSL's engine for PKCS #11, or its provider. There is one in a process, with one module, and after its first key
/// it is never at rest again. It is used by one thread at a time, since not all modules bear more.
struct Access {
  std::shared_ptr<std::mutex> turn = std::make_shared<std::mutex>();
  ENGINE* engine = nullptr;
  std::unique_ptr<TokenProvider> provider;  ///< where there is no engine
  std::string module;
  bool has_pin = false;                ///< one was handed to it, which it would offer to whatever token is next
  std::set<std::string> refused_pins;  ///< digests, each of a token and a PIN
};

Access& the_access() {
  // Never ended: its context must not outlive OpenSSL, which ends at the exit.
  static auto* access = new Access;
  return *access;
}

std::string token_text(const TokenUri& uri) {
  constexpr std::string_view label = "token=";
  const bool is_label = uri.token.starts_with(label) && uri.token.find(';') == uri.token.npos;
  return is_label ? uri.token.substr(label.size()) : uri.token;
}

std::string module_text(const std::string& module) {
  return module.empty() ? std::string("that p11-kit names") : module;
}

void open(Access& access, const TokenUri& uri) {
  ENGINE_load_dynamic();
  ERR_clear_error();
  access.engine = ENGINE_by_id(engine_id);
  if (access.engine != nullptr) {
    if (!uri.module.empty()) ENGINE_ctrl_cmd_string(access.engine, "MODULE_PATH", uri.module.c_str(), 0);
  } else {
    const auto complaint = take_complaint();
    access.provider = TokenProvider::open(uri.module);
    if (!access.provider) {
      throw Refused("token:engine", fmt::format("OpenSSL's engine pkcs11, by which keys in tokens are used, cannot be "
                                                "loaded ({}), nor its provider of that name; install it: apt install "
                                                "libengine-pkcs11-openssl",
                                                complaint.text));
    }
  }
  access.module = uri.module;
}

/// Makes the engine or the provider ready. The module is loaded by it when the first key is asked for.
void make_ready(Access& access, const TokenUri& uri) {
  if (access.engine == nullptr && !access.provider) open(access, uri);
  if (access.module != uri.module) {
    throw Refused("token:engine",
                  fmt::format("{} needs the PKCS #11 module {}, but the module {} is in use, and a process has one; "
                              "restart acmed, and let p11-kit name the modules where there are several",
                              uri.object, module_text(uri.module), module_text(access.module)));
  }
}

[[noreturn]] void refuse_pin(const TokenUri& uri) {
  throw Refused("token:pin",
                fmt::format("the token {} refuses the PIN; write the right one to where `pin` says. It is not offered "
                            "to the token again until it is another one or acmed is restarted",
                            token_text(uri)));
}

[[noreturn]] void fail_without_key(const TokenUri& uri, bool is_token_known, bool is_there) {
  constexpr std::string_view list = "p11tool --login --list-privkeys lists them";
  if (is_token_known && !is_there) {
    throw Retry("token:absent", fmt::format("there is no token {} here: attach it, or name another one in `key`; "
                                            "p11tool --list-tokens lists those that are there",
                                            token_text(uri)));
  }
  if (!is_token_known) {
    throw Refused(
        "token:key",
        fmt::format("there is no private key {}, or its token is not attached: look at `key`; {}", uri.object, list));
  }
  throw Refused("token:key", fmt::format("the token {} has no private key {}: make it there, or name another one in "
                                         "`key`; {}",
                                         token_text(uri), uri.object, list));
}

[[noreturn]] void fail_without_module(const TokenUri& uri) {
  throw Refused("token:engine",
                fmt::format("the PKCS #11 module {} cannot be loaded: look at module-path in `key`, and install the "
                            "package of the token's maker",
                            module_text(uri.module)));
}

/// What the engine's complaint about a key means. `is_there`: it asked for the token's PIN, as far as it had none.
[[noreturn]] void fail_by(const Complaint& complaint, Access& access, const TokenUri& uri,
                          const std::string& pin_digest, bool is_token_known, bool is_there) {
  if (complaint.has("PIN")) {
    access.has_pin = false;
    access.refused_pins.insert(pin_digest);
    if (complaint.has("PIN locked")) {
      throw Refused("token:pin", fmt::format("the token {} has locked itself after wrong PINs: unlock it by its own "
                                             "tool, then restart acmed",
                                             token_text(uri)));
    }
    refuse_pin(uri);
  }
  if (complaint.has("Unable to load PKCS#11 module")) fail_without_module(uri);
  if (complaint.has("object not found")) fail_without_key(uri, is_token_known, is_there);
  throw Retry(
      "token:failed",
      fmt::format("the key {} cannot be used ({}): the PKCS #11 module {} does not work; may acmed read what it "
                  "needs, such as the folder of its tokens or a device?",
                  uri.object, complaint.text, module_text(uri.module)));
}

/// The same for the provider.
[[noreturn]] void fail_by_provider(const Complaint& complaint, Access& access, const TokenUri& uri,
                                   const std::string& pin_digest, bool was_asked) {
  if (complaint.details.find("Module initialization failed") != complaint.details.npos) {
    access.provider.reset();
    fail_without_module(uri);
  }
  const bool is_in = access.provider->is_in(uri);
  if (is_in || !was_asked) fail_without_key(uri, true, is_in);
  access.refused_pins.insert(pin_digest);
  refuse_pin(uri);
}

/// Loads the key; null when that fails.
EVP_PKEY* load(Access& access, const TokenUri& uri, Answer* answer) {
  ERR_clear_error();
  EVP_PKEY* key = nullptr;
  if (access.provider) {
    if (access.provider->enter(uri, answer)) key = access.provider->load(uri, answer);
  } else {
    // It asks for a PIN only while it has none.
    if (access.has_pin) ENGINE_ctrl_cmd_string(access.engine, "PIN", answer->secret.reveal().c_str(), 0);
    key = ENGINE_load_private_key(access.engine, uri.object.c_str(), answers(), answer);
  }
  access.has_pin = access.has_pin || answer->was_asked;
  return key;
}

void finish(Access& access) {
  if (access.engine != nullptr) ENGINE_finish(access.engine);
}

}  // namespace

PrivateKey find_in_token(const std::string& uri, const Secret& pin) {
  const auto parsed = parse_token_uri(uri);
  auto& access = the_access();
  const auto pin_digest = sha256(parsed.token + '\n' + pin.reveal());
  std::unique_lock turn(*access.turn);
  if (access.refused_pins.contains(pin_digest)) refuse_pin(parsed);
  make_ready(access, parsed);
  if (access.engine != nullptr && ENGINE_init(access.engine) != 1) fail("use the engine pkcs11");
  const bool is_token_known = !access.has_pin;
  Answer answer{pin};
  auto* found = load(access, parsed, &answer);
  if (found == nullptr) {
    const auto complaint = take_complaint();
    finish(access);
    if (access.provider) fail_by_provider(complaint, access, parsed, pin_digest, answer.was_asked);
    fail_by(complaint, access, parsed, pin_digest, is_token_known, answer.was_asked);
  }
  std::shared_ptr<EVP_PKEY> key(found, [&access](EVP_PKEY* freed) {
    const std::lock_guard guard(*access.turn);
    EVP_PKEY_free(freed);
    finish(access);
  });
  auto* context = access.provider ? access.provider->context() : nullptr;
  turn.unlock();
  return PrivateKey::in_token(uri, std::move(key), access.turn, context);
}

}  // namespace acmed::crypto
