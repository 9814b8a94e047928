// SPDX-License-Identifier: Apache-2.0
#include "daemon/readiness.h"

#include <fmt/format.h>

#include <fstream>

#include "config/load.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;

SCENARIO("a service waits for all that it reads of its first certificate, and for no other") {
  const TemporaryFolder folder;
  const auto& state = folder.path();
  const auto config = config::parse(fmt::format(R"(
state_directory = "{0}"
[ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "ns1.example.com"
zones = ["example.com"]
[[certificate]]
name = "web"
domains = ["example.com"]
[[certificate.deploy]]
name = "copies"
directory = "{0}/copies"
[[certificate]]
name = "mail"
domains = ["mail.example.com"]
)",
                                                state.string()),
                                    "/etc/acmed/acmed.toml");
  const auto lay = [&](const std::string& name, std::string_view content = "x") {
    std::filesystem::create_directories((state / name).parent_path());
    std::ofstream(state / name) << content;
  };
  CHECK(missing_file(config, {"web"}) == state / "live/web/privkey.pem");
  lay("live/web/privkey.pem");
  lay("live/web/fullchain.pem", "");
  CHECK(missing_file(config, {"web"}) == state / "live/web/fullchain.pem");
  lay("live/web/fullchain.pem");
  CHECK(missing_file(config, {"web"}) == state / "copies/fullchain.pem");
  lay("copies/fullchain.pem");
  lay("copies/privkey.pem");
  CHECK(missing_file(config, {"web"}) == "");
  CHECK(missing_file(config, {}) == state / "live/mail/privkey.pem");
  CHECK(missing_file(config, {"web", "mail"}) == state / "live/mail/privkey.pem");
}
