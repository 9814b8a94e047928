// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace acmed::deploy {

/// The dialogue by which a client asks a server to go on in TLS. Without a socket: what the server sends is handed in,
/// what is to be sent is taken out.
class StartTlsDialogue {
 public:
  explicit StartTlsDialogue(config::Verify::StartTls protocol);

  /// Takes what the server has sent so far and has not been taken, and returns what is to be sent to it now. Call it
  /// once with nothing to begin. Throws Retry ("deploy:verify") when the server refuses, says something else, or says
  /// too much.
  std::string advance(std::string_view received);

  /// Whether TLS begins now.
  bool has_ended() const noexcept { return ended_; }

 private:
  std::string answer_line(std::string_view line);
  void take_ldap_answer();

  config::Verify::StartTls protocol_;
  std::string received_;
  int step_ = 0;
  bool ended_;
};

}  // namespace acmed::deploy
