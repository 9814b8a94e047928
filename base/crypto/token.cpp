// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3 calls engines deprecated in favour of providers, but Debian 12 has no provider for PKCS #11, and Debian 13
// still has the engine: one way for both.
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
#include "base/error.h"

namespace acmed::crypto {
namespace {

constexpr const char* engine_id = "pkcs11";

/// OpenSSL's engine for PKCS #11. There is one in a process, with one module, and after its first key it is never at
/// rest again. It is used by one thread at a time, since not all modules bear more.
struct Engine {
  std::shared_ptr<std::mutex> turn = std::make_shared<std::mutex>();
  ENGINE* engine = nullptr;
  std::string module;
  bool has_pin = false;                ///< one was handed to it, which it would offer to whatever token is next
  std::set<std::string> refused_pins;  ///< digests, each of a token and a PIN
};

Engine& the_engine() {
  static Engine engine;
  return engine;
}

std::string token_text(const TokenUri& uri) {
  constexpr std::string_view label = "token=";
  const bool is_label = uri.token.starts_with(label) && uri.token.find(';') == uri.token.npos;
  return is_label ? uri.token.substr(label.size()) : uri.token;
}

std::string module_text(const std::string& module) {
  return module.empty() ? std::string("that p11-kit names") : module;
}

/// Makes the engine ready. The module is loaded by it when the first key is asked for.
void make_ready(Engine& engine, const TokenUri& uri) {
  if (engine.engine == nullptr) {
    ENGINE_load_dynamic();
    ERR_clear_error();
    engine.engine = ENGINE_by_id(engine_id);
    if (engine.engine == nullptr) {
      throw Refused("token:engine", fmt::format("OpenSSL's engine pkcs11, by which keys in tokens are used, cannot be "
                                                "loaded ({}); install it: apt install libengine-pkcs11-openssl",
                                                take_complaint().text));
    }
    engine.module = uri.module;
    if (!uri.module.empty()) ENGINE_ctrl_cmd_string(engine.engine, "MODULE_PATH", uri.module.c_str(), 0);
  }
  if (engine.module != uri.module) {
    throw Refused("token:engine",
                  fmt::format("{} needs the PKCS #11 module {}, but the module {} is in use, and a process has one; "
                              "restart acmed, and let p11-kit name the modules where there are several",
                              uri.object, module_text(uri.module), module_text(engine.module)));
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

/// What the engine's complaint about a key means. `is_there`: it asked for the token's PIN, as far as it had none.
[[noreturn]] void fail_by(const Complaint& complaint, Engine& engine, const TokenUri& uri,
                          const std::string& pin_digest, bool is_token_known, bool is_there) {
  if (complaint.has("PIN")) {
    engine.has_pin = false;
    engine.refused_pins.insert(pin_digest);
    if (complaint.has("PIN locked")) {
      throw Refused("token:pin", fmt::format("the token {} has locked itself after wrong PINs: unlock it by its own "
                                             "tool, then restart acmed",
                                             token_text(uri)));
    }
    refuse_pin(uri);
  }
  if (complaint.has("Unable to load PKCS#11 module")) {
    throw Refused("token:engine",
                  fmt::format("the PKCS #11 module {} cannot be loaded: look at module-path in `key`, and install the "
                              "package of the token's maker",
                              module_text(uri.module)));
  }
  if (complaint.has("object not found")) fail_without_key(uri, is_token_known, is_there);
  throw Retry(
      "token:failed",
      fmt::format("the key {} cannot be used ({}): the PKCS #11 module {} does not work; may acmed read what it "
                  "needs, such as the folder of its tokens or a device?",
                  uri.object, complaint.text, module_text(uri.module)));
}

/// Loads the key; null when that fails.
EVP_PKEY* load(Engine& engine, const TokenUri& uri, Answer* answer) {
  // It asks for a PIN only while it has none.
  if (engine.has_pin) ENGINE_ctrl_cmd_string(engine.engine, "PIN", answer->secret.reveal().c_str(), 0);
  ERR_clear_error();
  auto* key = ENGINE_load_private_key(engine.engine, uri.object.c_str(), answers(), answer);
  engine.has_pin = engine.has_pin || answer->was_asked;
  return key;
}

}  // namespace

PrivateKey find_in_token(const std::string& uri, const Secret& pin) {
  const auto parsed = parse_token_uri(uri);
  auto& engine = the_engine();
  const auto pin_digest = sha256(parsed.token + '\n' + pin.reveal());
  std::unique_lock turn(*engine.turn);
  if (engine.refused_pins.contains(pin_digest)) refuse_pin(parsed);
  make_ready(engine, parsed);
  if (ENGINE_init(engine.engine) != 1) fail("use the engine pkcs11");
  const bool is_token_known = !engine.has_pin;
  Answer answer{pin};
  auto* found = load(engine, parsed, &answer);
  if (found == nullptr) {
    const auto complaint = take_complaint();
    ENGINE_finish(engine.engine);
    fail_by(complaint, engine, parsed, pin_digest, is_token_known, answer.was_asked);
  }
  std::shared_ptr<EVP_PKEY> key(found, [&engine](EVP_PKEY* freed) {
    const std::lock_guard guard(*engine.turn);
    EVP_PKEY_free(freed);
    ENGINE_finish(engine.engine);
  });
  turn.unlock();
  return PrivateKey::in_token(uri, std::move(key), engine.turn);
}

}  // namespace acmed::crypto
