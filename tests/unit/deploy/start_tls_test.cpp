// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/start_tls.h"

#include "base/error.h"
#include "tests/unit/catch.h"

namespace acmed::deploy {
namespace {

using Catch::Contains;
using StartTls = config::Verify::StartTls;

/// What the client says to what the server says, in turn; the server begins.
std::string talk(StartTlsDialogue& dialogue, const std::vector<std::string>& server) {
  std::string said = dialogue.advance("");
  for (const auto& octets : server) said += dialogue.advance(octets);
  return said;
}

}  // namespace

SCENARIO("a mail server is asked to go on in TLS") {
  GIVEN("SMTP, whose answers have several lines and arrive in pieces") {
    StartTlsDialogue dialogue(StartTls::smtp);
    CHECK(talk(dialogue, {"220-mail.example ESM", "TP\r\n220 go\r\n", "250-mail.example\r\n250-STARTTLS\r\n",
                          "250 SIZE\r\n"}) == "EHLO acmed.invalid\r\nSTARTTLS\r\n");
    CHECK_FALSE(dialogue.has_ended());
    CHECK(dialogue.advance("220 ready\r\n").empty());
    CHECK(dialogue.has_ended());
  }
  GIVEN("IMAP") {
    StartTlsDialogue dialogue(StartTls::imap);
    CHECK(talk(dialogue, {"* OK [CAPABILITY IMAP4rev1] ready\r\n", "* CAPABILITY IMAP4rev1\r\nacmed OK begin\r\n"}) ==
          "acmed STARTTLS\r\n");
    CHECK(dialogue.has_ended());
  }
  GIVEN("POP3") {
    StartTlsDialogue dialogue(StartTls::pop3);
    CHECK(talk(dialogue, {"+OK ready\r\n", "+OK begin\r\n"}) == "STLS\r\n");
    CHECK(dialogue.has_ended());
  }
}

SCENARIO("a directory and a database are asked to go on in TLS") {
  GIVEN("LDAP, whose answer arrives in pieces") {
    StartTlsDialogue dialogue(StartTls::ldap);
    const std::string request = dialogue.advance("");
    CHECK(request.size() == 31);
    CHECK_THAT(request, Contains("1.3.6.1.4.1.1466.20037"));
    CHECK(dialogue.advance(std::string("\x30\x0c\x02\x01\x01\x78", 6)).empty());
    CHECK_FALSE(dialogue.has_ended());
    dialogue.advance(std::string("\x07\x0a\x01\x00\x04\x00\x04\x00", 8));
    CHECK(dialogue.has_ended());
  }
  GIVEN("LDAP with long lengths, as Active Directory writes them") {
    StartTlsDialogue dialogue(StartTls::ldap);
    dialogue.advance("");
    dialogue.advance(
        std::string("\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00", 22));
    CHECK(dialogue.has_ended());
  }
  GIVEN("PostgreSQL") {
    StartTlsDialogue dialogue(StartTls::postgres);
    CHECK(dialogue.advance("") == std::string("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8));
    CHECK(dialogue.advance("S").empty());
    CHECK(dialogue.has_ended());
  }
}

SCENARIO("a server that does not go on in TLS is told with what it said") {
  const auto refused = [](StartTls protocol, const std::vector<std::string>& server) {
    StartTlsDialogue dialogue(protocol);
    try {
      talk(dialogue, server);
    } catch (const Retry& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(refused(StartTls::smtp, {"554 go away\r\n"}), Contains("does not take STARTTLS: 554 go away"));
  CHECK_THAT(refused(StartTls::smtp, {"220 x\r\n", "250 x\r\n", "454 no\r\n"}), Contains("454 no"));
  CHECK_THAT(refused(StartTls::imap, {"* BYE\r\n"}), Contains("* BYE"));
  CHECK_THAT(refused(StartTls::imap, {"* OK\r\n", "acmed BAD what\r\n"}), Contains("acmed BAD what"));
  CHECK_THAT(refused(StartTls::pop3, {"-ERR\r\n"}), Contains("-ERR"));
  CHECK_THAT(refused(StartTls::postgres, {"N"}), Contains("it has TLS switched off"));
  CHECK_THAT(refused(StartTls::postgres, {"E"}), Contains("does not take STARTTLS"));
  CHECK_THAT(refused(StartTls::ldap, {std::string("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00", 14)}),
             Contains("its result is 2"));
  CHECK_THAT(refused(StartTls::ldap, {"HTTP/1.1 400"}), Contains("no LDAP message"));
  CHECK_THAT(refused(StartTls::smtp, {std::string(20000, 'x')}), Contains("it says too much"));
}

}  // namespace acmed::deploy
