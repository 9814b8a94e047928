// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "tests/unit/dns/fake_name_server.h"

namespace acmed::providers {

/// The zone example.test as the public DNS shows it, on one server, to a Discovery.
struct ShownZone {
  explicit ShownZone(Loop& loop) : resolver(loop, "127.0.1.7"), parent(loop, "127.0.1.5"), server(loop, "127.0.1.1") {
    using dns::Type;
    namespace fake = dns::fake;
    for (const auto& [host, address] : {std::pair("a.nic.test", "127.0.1.5"), {"ns1.example.test", "127.0.1.1"}}) {
      resolver.say(host, Type::a, {.answer = {fake::address(host, address)}});
      resolver.say(host, Type::aaaa, {});
    }
    for (const auto& [apex, host] : {std::pair("test", "a.nic.test"), {"example.test", "ns1.example.test"}}) {
      resolver.say(apex, Type::soa, {.answer = {fake::soa(apex)}});
      resolver.say(apex, Type::ns, {.answer = {fake::ns(apex, host)}});
    }
    parent.say("example.test", Type::ns,
               {.authoritative = false,
                .authority = {fake::ns("example.test", "ns1.example.test")},
                .additional = {fake::address("ns1.example.test", "127.0.1.1")}});
  }

  /// From now on `values` are what is at `name`, which has no other records.
  void show(const std::string& name, const std::set<std::string>& values) {
    dns::fake::Answer answer;
    for (const auto& value : values) answer.answer.push_back(dns::fake::txt(name, value));
    if (values.empty()) answer = {.rcode = dns::Rcode::nxdomain, .authority = {dns::fake::soa("example.test")}};
    server.say(name, dns::Type::txt, answer);
    server.say(name, dns::Type::soa, {.rcode = answer.rcode, .authority = {dns::fake::soa("example.test")}});
  }

  dns::fake::NameServer resolver;
  dns::fake::NameServer parent;
  dns::fake::NameServer server;
};

}  // namespace acmed::providers
