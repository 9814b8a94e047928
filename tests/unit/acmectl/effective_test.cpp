// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/effective.h"

#include <sys/stat.h>

#include <fstream>

#include "config/load.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::acmectl {
namespace {

using Catch::Contains;

constexpr const char* configuration = R"(
state_directory = "/state"
[defaults]
ca = "lab"
renew = "30d"
[[defaults.deploy]]
name = "web"
directory = "/srv/{name}"
files = { fullchain = "f.pem", pkcs12 = "f.p12" }
mode = { pkcs12 = 0o600, fullchain = 0o644 }
pkcs12_password = "hidden-password-1"
reload = ["nginx.service"]
verify = { connect = "[::1]:443" }
[ca.lab]
directory = "https://ca.test/dir"
terms_agreed = true
eab = { kid = "k1", hmac_key = "aGlkZGVuLWtleS0yLWhpZGRlbi1rZXktMi1oaWRkZW4" }
[provider.bind]
type = "rfc2136"
server = "192.0.2.1"
tsig = { name = "key", algorithm = "hmac-sha512", secret = "aGlkZGVuLWtleS0zLWhpZGRlbi1rZXktMy1oaWRkZW4=" }
zones = ["example.com"]
[provider.cf]
type = "cloudflare"
token = "hidden-token-4-hidden-token-4-hidden"
zones = ["example.net"]
[provider.aws]
type = "route53"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = "hidden-key-5/hidden-key-5/hidden-key-5/h"
zones = ["example.org"]
[provider.pdns]
type = "powerdns"
url = "http://127.0.0.1:8081"
api_key = "hidden-key-6"
zones = ["example.edu"]
[provider.own]
type = "exec"
command = ["/bin/true"]
environment = { TOKEN = "hidden-word-7" }
zones = ["example.info"]
[[certificate]]
domains = ["example.com"]
)";

}  // namespace

SCENARIO("the effective configuration has its defaults, and none of its secrets") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "acmed.toml";
  std::ofstream(file) << configuration;
  ::chmod(file.c_str(), 0600);
  const auto text = effective(config::load(file));
  CHECK_THAT(text, Contains("[[certificate]]\nname = \"example.com\"\ndomains = [\"example.com\"]\nca = \"lab\"\n"
                            "key_type = \"ecdsa-p256\"\nrenew = \"30d\"\n"));
  CHECK_THAT(text, Contains("directory = \"/srv/example.com\"") && Contains("reload = [\"nginx.service\"]") &&
                       Contains("mode = { fullchain = 0o644, pkcs12 = 0o600 }") && Contains("connect = \"[::1]:443\""));
  CHECK_THAT(text, Contains("type = \"rfc2136\"") && Contains("algorithm = \"hmac-sha512\"") &&
                       Contains("secret = \"***\"") && Contains("token = \"***\""));
  for (const auto* secret : {"hidden", "aGlkZGVu"}) CHECK_THAT(text, !Contains(secret));
}

}  // namespace acmed::acmectl
