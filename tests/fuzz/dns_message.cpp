// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "dns/message.h"
#include "dns/tsig.h"

using namespace acmed;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const dns::Request request = dns::make_query({dns::Name("_acme-challenge.example.test"), dns::Type::txt}, {});
  static const dns::TsigKey key{dns::Name("acmed"), crypto::Digest::sha256, Secret("secret")};
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  try {
    const auto message = dns::parse_message(wire);
    (void)dns::is_answer_to(message, request);
  } catch (const dns::MalformedMessage&) {
  }
  try {
    dns::tsig_verify(wire, key, "mac of the request", Time(), "the server");
  } catch (const Error&) {
  }
  return 0;
}
