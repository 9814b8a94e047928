// SPDX-License-Identifier: Apache-2.0
#include "base/http/client.h"

#include "base/http/exchange.h"
#include "base/http/multi.h"

namespace acmed::http {

Client::Client(Loop& loop, Settings settings) : multi_(std::make_unique<Multi>(loop, std::move(settings))) {}

Client::~Client() = default;

Task<Response> Client::send(Request request) {
  Exchange exchange(request);
  co_await Multi::Perform(*multi_, exchange);
  co_return exchange.take();
}

void Client::rest() {
  if (!multi_->busy()) multi_->rest();
}

}  // namespace acmed::http
