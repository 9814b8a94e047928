// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "tests/unit/dns/fake_name_server.h"

namespace acmed::providers {

/// A primary of one zone that takes dynamic updates, as atomically as RFC 2136 §3 wants it, and signs its answers.
class FakePrimary {
 public:
  using Transport = dns::fake::NameServer::Transport;

  FakePrimary(Loop& loop, const std::string& address, dns::Name zone, std::optional<dns::TsigKey> key);

  dns::Endpoint endpoint() const { return server_.endpoint(); }

  std::map<dns::Name, std::set<std::string>> values;
  std::map<dns::Name, std::uint32_t> ttls;  ///< that the last addition at each name wanted
  std::size_t most_values = 100;            ///< at one name; more are answered SERVFAIL
  std::uint16_t question_error = 0;  ///< said to every signed question; BADKEY as a secondary that passes updates on
  bool answers_nothing = false;      ///< but takes updates
  std::string name_server = "ns1.example.test";
  std::set<dns::Name> aliases;      ///< names where a CNAME stands
  std::set<dns::Name> denied;       ///< names that the key may not change
  std::uint16_t tsig_error = 0;     ///< said to every UPDATE
  std::optional<dns::Rcode> rcode;  ///< said to every UPDATE
  std::string tsig_other;
  bool signs = true;
  bool cuts_datagrams = false;
  int deaf_for = 0;  ///< so many UPDATEs more are carried out, but not answered
  bool garbles = false;
  int forged_first = 0;  ///< so many UPDATEs more are answered by somebody else, who does not know the secret

  int updates = 0;
  int tcp_updates = 0;
  std::size_t largest_update = 0;

 private:
  std::optional<std::string> respond(std::string_view request, Transport transport);
  std::optional<std::string> respond_to_update(std::string_view request, Transport transport);
  dns::Rcode carry_out(std::string_view update);
  std::string reply(std::string_view request, const dns::fake::Answer& answer) const;

  const Clock& clock_;
  dns::Name zone_;
  std::optional<dns::TsigKey> key_;
  dns::fake::NameServer server_;
};

}  // namespace acmed::providers
