// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/start_tls.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/error.h"

namespace acmed::deploy {
namespace {

using StartTls = config::Verify::StartTls;

/// Of all that a server says before TLS: greetings and lists of what it can do are much shorter.
constexpr std::size_t most_octets = std::size_t{16} * 1024;
constexpr std::size_t longest_shown = 200;

/// LDAP: ExtendedRequest with the name 1.3.6.1.4.1.1466.20037 (RFC 4511 §4.14.1), message 1.
constexpr std::string_view ldap_request(
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
    "1.3.6.1.4.1.1466.20037",
    31);
constexpr char ldap_extended_response = '\x78';
/// PostgreSQL: SSLRequest, its length and its code.
constexpr std::string_view postgres_request("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8);

[[noreturn]] void refuse(std::string_view answer) {
  throw Retry("deploy:verify", fmt::format("the server does not take STARTTLS: {}", answer.substr(0, longest_shown)));
}

}  // namespace

StartTlsDialogue::StartTlsDialogue(StartTls protocol) : protocol_(protocol), ended_(protocol == StartTls::none) {}

std::string StartTlsDialogue::advance(std::string_view received) {
  received_ += received;
  if (received_.size() > most_octets) refuse("it says too much");
  if (protocol_ == StartTls::ldap || protocol_ == StartTls::postgres) {
    if (step_ == 0) {
      step_ = 1;
      return std::string(protocol_ == StartTls::ldap ? ldap_request : postgres_request);
    }
    if (protocol_ == StartTls::ldap) {
      take_ldap_answer();
    } else if (!received_.empty()) {
      if (received_.front() != 'S') refuse(received_.front() == 'N' ? "it has TLS switched off" : received_);
      ended_ = true;
    }
    return {};
  }
  std::string output;
  for (auto end = received_.find('\n'); end != received_.npos && !ended_; end = received_.find('\n')) {
    const auto line = received_.substr(0, end);
    received_.erase(0, end + 1);
    output += answer_line(line);
  }
  return output;
}

/// `line`: without its end.
std::string StartTlsDialogue::answer_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  switch (protocol_) {
    case StartTls::smtp: {  // RFC 3207
      const bool is_last = line.size() < 4 || line[3] != '-';
      if (!is_last) return {};
      if (!line.starts_with('2')) refuse(line);
      ++step_;
      if (step_ == 1) return "EHLO acmed.invalid\r\n";
      if (step_ == 2) return "STARTTLS\r\n";
      break;
    }
    case StartTls::pop3:  // RFC 2595
      if (!line.starts_with("+OK")) refuse(line);
      if (++step_ == 1) return "STLS\r\n";
      break;
    default: {  // IMAP, RFC 9051 §6.2.1
      const auto lower = ascii_lower(std::string(line));
      if (step_ == 0) {
        if (!lower.starts_with("* ok") && !lower.starts_with("* preauth")) refuse(line);
        ++step_;
        return "acmed STARTTLS\r\n";
      }
      if (lower.starts_with("* ")) return {};
      if (!lower.starts_with("acmed ok")) refuse(line);
    }
  }
  ended_ = true;
  return {};
}

/// LDAPMessage ::= SEQUENCE { messageID, [APPLICATION 24] { resultCode ENUMERATED, ... } }, in BER.
void StartTlsDialogue::take_ldap_answer() {
  std::string_view rest = received_;
  // The length of the element that `rest` begins with; nothing while it has not arrived wholly.
  const auto enter = [&rest](char tag) {
    if (rest.empty()) return false;
    if (rest.front() != tag) refuse("its answer is no LDAP message");
    if (rest.size() < 2) return false;
    const auto first = static_cast<unsigned char>(rest[1]);
    const std::size_t more = first < 0x80 ? 0 : first & 0x7fU;
    if (more > 4) refuse("its answer is no LDAP message");
    if (rest.size() < 2 + more) return false;
    std::size_t length = more == 0 ? first : 0;
    for (std::size_t i = 0; i < more; ++i) length = (length << 8U) | static_cast<unsigned char>(rest[2 + i]);
    rest.remove_prefix(2 + more);
    return length <= rest.size();
  };
  if (!enter('\x30') || !enter('\x02')) return;
  const auto identifier = rest.substr(0, 1);
  if (identifier != "\x01") refuse("it ended the conversation");
  rest.remove_prefix(1);
  if (!enter(ldap_extended_response) || !enter('\x0a') || rest.empty()) return;
  const auto result = static_cast<unsigned char>(rest.front());
  if (result != 0) refuse(fmt::format("its result is {} (RFC 4511 section 4.1.9)", result));
  ended_ = true;
}

}  // namespace acmed::deploy
