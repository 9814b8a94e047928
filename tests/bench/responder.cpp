// SPDX-License-Identifier: Apache-2.0
// The responder as acmed runs it, on the same loop, with a zone that a script can give to another name server as well.
//
//   bench_responder ADDRESS[:PORT] [RATE]     serves bench.test until it is ended, RATE answers a second to a network
//   bench_responder --zone ADDRESS            prints the zone as a zone file
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "dns/responder/name_server.h"

using namespace acmed;

namespace {

constexpr int hosts = 20;

dns::Name challenge(int host) {
  return dns::Name(fmt::format("_acme-challenge.h{}.bench.test", host));
}

/// As long as those of ACME (RFC 8555 §8.4).
std::string value(int host, int number) {
  return fmt::format("{:0>43}", fmt::format("value-{}-of-h{}", number, host));
}

void print_zone(const std::string& address) {
  fmt::print("$ORIGIN bench.test.\n$TTL 300\n");
  fmt::print("@ IN SOA ns hostmaster 1 86400 7200 3600000 1\n@ IN NS ns\nns IN A {}\n", address);
  for (int host = 0; host < hosts; ++host) {
    for (int number = 0; number < 2; ++number) {
      fmt::print("{}. 1 IN TXT \"{}\"\n", challenge(host).text(), value(host, number));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--zone") == 0) {
    print_zone(argv[2]);
    return 0;
  }
  const auto endpoint = dns::Endpoint::parse(argc >= 2 ? argv[1] : "");
  if (!endpoint) return 2;
  Loop loop;
  dns::responder::NameServer server(loop, "bench");
  const dns::Name apex("bench.test");
  const auto rate = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 0U;
  server.configure({{*endpoint}, {{apex, apex.prefixed("ns"), {*endpoint}, apex.prefixed("hostmaster")}}, rate});
  for (int host = 0; host < hosts; ++host) {
    for (int number = 0; number < 2; ++number) server.zones().add(challenge(host), value(host, number), 1);
  }
  server.commit();
  loop.run_until(false);
}
