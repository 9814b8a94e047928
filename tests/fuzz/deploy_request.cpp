// SPDX-License-Identifier: Apache-2.0
// What acmed-deploy reads from whoever has got acmed's user: a request is refused, or it is what it is written as
// again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/access_list.h"
#include "base/error.h"
#include "daemon/deploy_helper/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace acmed;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  files::parse_access_list(octets);
  try {
    const auto request = deploy_helper::parse_request(octets);
    if (!(deploy_helper::parse_request(deploy_helper::to_line(request)) == request)) std::abort();
  } catch (const Refused&) {
  }
  try {
    deploy_helper::parse_answer(octets);
  } catch (const Retry&) {
  }
  return 0;
}
