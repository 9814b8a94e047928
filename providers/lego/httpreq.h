// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/http/client.h"
#include "providers/kit/http_api.h"
#include "providers/lego/bridge.h"

namespace acmed::providers {

/// Changes records by a server with the convention of lego's provider `httpreq`: POST of {"fqdn", "value"}, in raw mode
/// of {"domain", "token", "keyAuth"}, to ENDPOINT/present and ENDPOINT/cleanup. A status below 300 says that it is
/// done.
class LegoHttpreq final : public LegoBridge {
 public:
  /// `configured`: of type lego-httpreq. `discovery` must outlive this.
  LegoHttpreq(const config::Provider& configured, const config::LegoHttpreq& settings, Loop& loop,
              dns::Discovery& discovery);

  void rest() override { http_.rest(); }

 private:
  Task<> call(TxtChange change) override;
  Concerns concerns(const Error& failure) const override;
  json::Value body_for(const TxtChange& change) const;
  std::string mend(const http::Response& response) const;

  http::Client http_;
  HttpApi api_;
};

}  // namespace acmed::providers
