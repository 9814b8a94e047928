// SPDX-License-Identifier: Apache-2.0
// Messages as a name server writes them, octet by octet, so that the code under test does not check itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "dns/message.h"
#include "dns/tsig.h"

namespace acmed::dns::fake {

std::string record(std::string_view owner, Type type, std::string_view data, std::uint16_t rr_class = 1,
                   std::uint32_t ttl = 60);
std::string txt(std::string_view owner, std::string_view value, std::uint32_t ttl = 60);
std::string soa(std::string_view zone);
std::string ns(std::string_view zone, std::string_view host);
std::string cname(std::string_view owner, std::string_view target);
std::string dname(std::string_view owner, std::string_view target);
/// An A or AAAA record, as the address is.
std::string address(std::string_view owner, std::string_view address);

/// What a server says to a question.
struct Answer {
  Rcode rcode = Rcode::noerror;
  bool authoritative = true;
  bool truncated = false;
  std::vector<std::string> answer{};
  std::vector<std::string> authority{};
  std::vector<std::string> additional{};
};

/// The whole message in reply to `query`, which is of one question.
std::string reply_to(std::string_view query, const Answer& answer);

/// The MAC in the TSIG record at the end of a signed request; empty when it is not signed.
std::string mac_of(std::string_view request);

/// How a server signs: at `time`, saying `error`.
struct Signing {
  TsigKey key;
  Time time;
  std::uint16_t error = 0;
  std::string other;
  bool with_mac = true;
};
std::string signed_reply(std::string reply, std::string_view request, const Signing& signing);

}  // namespace acmed::dns::fake
