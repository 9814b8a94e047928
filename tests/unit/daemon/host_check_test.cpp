// SPDX-License-Identifier: Apache-2.0
#include "daemon/host_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fstream>

#include "base/crypto/key.h"
#include "base/host_accounts.h"
#include "base/program_file.h"
#include "config/load.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;
using Catch::Contains;

namespace {

/// A host with one unit that systemd knows, nginx.service.
HostFacts facts_with(std::optional<Sandbox> sandbox = std::nullopt) {
  HostFacts facts;
  facts.sandbox = std::move(sandbox);
  facts.knows_unit = [](const std::string& unit) { return std::optional(unit == "nginx.service"); };
  return facts;
}

Sandbox shipped_sandbox() {
  Sandbox sandbox;
  sandbox.unit = "acmed.service";
  sandbox.protect_home = "yes";
  sandbox.protect_system = "strict";
  sandbox.private_tmp = true;
  sandbox.read_write_paths = {"/var/lib/acmed", "-/srv/tls"};
  return sandbox;
}

config::Config config_with(const std::filesystem::path& state, const std::string& targets,
                           const std::string& domains = R"("example.com", "*.example.com")") {
  return config::parse(fmt::format(R"(
state_directory = "{}"
[ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "ns1.example.com"
zones = ["example.com"]
[[certificate]]
domains = [{}]
{}
)",
                                   state.string(), domains, targets),
                       "/etc/acmed/acmed.toml");
}

class Host {
 public:
  std::filesystem::path path() const { return folder_.path(); }
  std::string file(const std::string& name, std::string_view content, mode_t mode) const {
    const auto path = (folder_.path() / name).string();
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string folder(const std::string& name) const {
    std::filesystem::create_directories(folder_.path() / name);
    return folder_.path() / name;
  }
  std::vector<std::string> warnings(const std::string& targets, const HostFacts& facts = facts_with()) const {
    return host_warnings(config_with(folder_.path(), targets), facts);
  }

 private:
  TemporaryFolder folder_;
};

std::string hook(const std::string& argv) {
  return fmt::format("[[certificate.deploy]]\nname = \"web\"\npost_hook = [{}]\n", argv);
}

std::string copies(const std::string& directory, const std::string& more = "", const std::string& name = "web") {
  return fmt::format("[[certificate.deploy]]\nname = \"{}\"\ndirectory = \"{}\"\n{}\n", name, directory, more);
}

}  // namespace

SCENARIO("--check tells of programs that would fail at the renewal, in two months") {
  const Host host;
  WHEN("they are there and can run") {
    const auto good = host.file("good", "#!/bin/sh\n", 0755);
    CHECK(host.warnings(hook('"' + good + '"')).empty());
    CHECK(host.warnings(hook(R"("true")")).empty());
  }
  WHEN("there is no such program") {
    const auto warnings = host.warnings(hook(R"("/usr/local/sbin/reload-web", "now")"));
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0] == "certificate example.com, target web: post_hook: there is no file /usr/local/sbin/reload-web");
  }
  WHEN("it may not be executed, or its interpreter is missing") {
    const auto plain = host.file("plain", "#!/bin/sh\n", 0644);
    CHECK_THAT(host.warnings(hook('"' + plain + '"')).at(0), Contains("chmod +x " + plain));
    const auto old = host.file("old", "#!/usr/bin/python2.4\n", 0755);
    CHECK_THAT(host.warnings(hook('"' + old + '"')).at(0), Contains("/usr/bin/python2.4, which is not there"));
  }
  WHEN("one default target is many certificates'") {
    const auto warnings = host.warnings(
        "[[certificate]]\ndomains = [\"www.example.com\"]\n[defaults]\n[[defaults.deploy]]\nname = \"web\"\n"
        "post_hook = [\"/no/such/program\"]\n");
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0], Contains("certificate example.com, target web and 1 more: "));
  }
}

SCENARIO("--check looks for a key in the TPM") {
  const Host host;
  const std::string key = "key = \"handle:0x81000001\"\n";
  auto facts = facts_with(shipped_sandbox());
  std::string asked;
  facts.look_for_in_tpm = [&asked](const std::string& uri) { asked = uri; };
  CHECK(host.warnings(key, facts).empty());
  CHECK(asked == "handle:0x81000001");
  WHEN("it is not there") {
    facts.look_for_in_tpm = [](const std::string&) { throw Refused("tpm:key", "the TPM has no key"); };
    CHECK(host.warnings(key, facts) == std::vector<std::string>{"certificate example.com: key: the TPM has no key"});
  }
  WHEN("who asks may not use the TPM, which the service may") {
    facts.look_for_in_tpm = [](const std::string&) { throw Refused("tpm:access", "acmed may not use the TPM"); };
    CHECK(host.warnings(key, facts).empty());
    facts.sandbox.reset();
    CHECK_THAT(host.warnings(key, facts).at(0), Contains("key: acmed may not use the TPM"));
  }
  WHEN("the service's sandbox hides it") {
    facts.sandbox->private_devices = true;
    CHECK_THAT(host.warnings(key, facts).at(0),
               Contains("the TPM is hidden from acmed.service (PrivateDevices=yes); type "
                        "sudo systemctl edit acmed.service"));
  }
  WHEN("the key is in a token, which wants its PIN") {
    asked.clear();
    CHECK(host.warnings("key = \"pkcs11:token=acmed;object=web\"\npin = \"4711\"\n", facts).empty());
    CHECK(asked.empty());
  }
}

SCENARIO("--check knows what the unit's sandbox hides") {
  const Host host;
  const auto fault_of_reading = [&](const char* path) { return shipped_sandbox().fault_of_reading(path); };
  THEN("homes and temporary folders are not seen") {
    CHECK_THAT(fault_of_reading("/root/hook.sh"), Contains("hidden from acmed.service (ProtectHome=yes)"));
    CHECK_THAT(fault_of_reading("/home/me/bin/hook"), Contains("ProtectHome=yes"));
    CHECK_THAT(fault_of_reading("/tmp/hook.sh"), Contains("PrivateTmp=yes"));
    CHECK_THAT(fault_of_reading("/var/tmp/x/hook.sh"), Contains("PrivateTmp=yes"));
    CHECK(fault_of_reading("/usr/local/bin/hook") == "");
    CHECK(fault_of_reading("/rooted/hook") == "");
    CHECK_THAT(fault_of_reading("/usr/../root/hook"), Contains("ProtectHome=yes"));
  }
  THEN("a hook there is told, though it is there for who runs --check") {
    const auto there = host.file("there", "#!/bin/sh\n", 0755);
    auto sandbox = shipped_sandbox();
    sandbox.inaccessible_paths = {host.path()};
    CHECK_THAT(host.warnings(hook('"' + there + '"'), facts_with(sandbox)).at(0),
               Contains(there + " is hidden from acmed.service"));
  }
  THEN("only what is named may be written") {
    CHECK_THAT(shipped_sandbox().fault_of_writing("/etc/nginx/tls"), Contains("read-only for acmed.service") &&
                                                                         Contains("ReadWritePaths=/etc/nginx/tls") &&
                                                                         Contains("systemctl restart acmed.service"));
    CHECK(shipped_sandbox().fault_of_writing("/var/lib/acmed/copies") == "");
    CHECK(shipped_sandbox().fault_of_writing("/srv/tls/web") == "");
    CHECK_THAT(shipped_sandbox().fault_of_writing("/srv/tls2"), Contains("read-only"));
  }
  THEN("weaker settings hide less") {
    auto sandbox = shipped_sandbox();
    sandbox.protect_home = "read-only";
    sandbox.protect_system = "full";
    sandbox.private_tmp = false;
    CHECK(sandbox.fault_of_reading("/home/me/hook") == "");
    CHECK(sandbox.fault_of_writing("/srv/elsewhere") == "");
    CHECK(sandbox.fault_of_writing("/etc/tls") != "");
    sandbox.protect_system = "yes";
    CHECK(sandbox.fault_of_writing("/etc/tls") == "");
    CHECK(sandbox.fault_of_writing("/usr/share/tls") != "");
    sandbox.protect_system = "no";
    CHECK(sandbox.fault_of_writing("/usr/share/tls") == "");
  }
}

SCENARIO("--check looks at the folders that files are to be written to") {
  const Host host;
  WHEN("all is well") {
    CHECK(host.warnings(copies(host.folder("tls"))).empty());
  }
  WHEN("there is no such folder") {
    CHECK_THAT(host.warnings(copies("/srv/no/such/folder")).at(0),
               Contains("there is no folder /srv/no/such/folder; type: sudo install -d -g "));
  }
  WHEN("it is a file") {
    CHECK_THAT(host.warnings(copies(host.file("file", "", 0644))).at(0), Contains("is no folder"));
  }
  WHEN("the sandbox has it read-only") {
    // /opt is nobody's temporary folder.
    CHECK_THAT(host.warnings(copies("/opt"), facts_with(shipped_sandbox())).at(0), Contains("ReadWritePaths=/opt"));
    auto facts = facts_with(shipped_sandbox());
    facts.has_helper = true;
    CHECK(host.warnings(copies("/opt"), facts).empty());
  }
  WHEN("two targets name one folder by different paths") {
    const auto real = host.folder("real");
    std::filesystem::create_symlink(real, host.path() / "link");
    const auto warnings = host.warnings(copies(real) + copies(host.path() / "link", "", "mail"));
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0],
               Contains("target mail: ") && Contains(real + "/fullchain.pem is also written by certificate "
                                                            "example.com, target web"));
    CHECK(host.warnings(copies(real) +
                        copies(host.path() / "link", "files = { fullchain = \"a\", privkey = \"b\" }", "mail"))
              .empty());
  }
  WHEN("owners are asked for that the unit may not give") {
    auto sandbox = shipped_sandbox();
    sandbox.read_write_paths.push_back(host.path());
    sandbox.private_tmp = false;
    const auto folder = host.folder("tls");
    CHECK_THAT(host.warnings(copies(folder, "owner = \"daemon\""), facts_with(sandbox)).at(0),
               Contains("may not give files to daemon") && Contains("enable --now acmed-deploy.socket"));
    const auto warnings_of_group = [&] {
      return host.warnings(copies(folder, "group = \"daemon\""), facts_with(sandbox));
    };
    CHECK_THAT(warnings_of_group().at(0), Contains("may not give files to the group daemon") &&
                                              Contains("enable --now acmed-deploy.socket") &&
                                              Contains("chgrp daemon " + folder));
    sandbox.groups = {"daemon"};
    CHECK(warnings_of_group().empty());
    sandbox.may_give_to_groups = false;
    CHECK_FALSE(warnings_of_group().empty());
    auto capable = sandbox;
    capable.may_change_owners = true;
    CHECK(host.warnings(copies(folder, "owner = \"daemon\""), facts_with(capable)).empty());
    if (::geteuid() != 0) return;
    REQUIRE(::chown(folder.c_str(), static_cast<uid_t>(-1), find_group("daemon").id.value()) == 0);
    REQUIRE(::chmod(folder.c_str(), 02770) == 0);
    CHECK(warnings_of_group().empty());
  }
}

SCENARIO("--check asks systemd for the units that a hook names") {
  const Host host;
  const auto fault = [&](const std::string& argv) {
    const auto warnings = host_warnings(config_with(host.path(), hook(argv)), facts_with());
    return warnings.empty() ? "" : warnings.front();
  };
  if (find_program("systemctl").empty()) return;
  CHECK(fault(R"("systemctl", "reload", "nginx")") == "");
  CHECK(fault(R"("systemctl", "--no-block", "reload", "nginx.service")") == "");
  CHECK_THAT(fault(R"("systemctl", "try-reload-or-restart", "ngnix")"),
             Contains("systemd knows no unit ngnix.service"));
  CHECK_THAT(fault(R"("systemctl", "restart", "nginx", "dovecot.socket")"), Contains("no unit dovecot.socket"));
  CHECK(fault(R"("systemctl", "restart", "postgresql@*")") == "");
  CHECK(fault(R"("systemctl", "daemon-reload")") == "");
  for (const std::string key : {"reload", "restart"}) {
    const auto warnings = host_warnings(
        config_with(host.path(), "[[certificate.deploy]]\nname = \"t\"\n" + key + " = [\"ngnix.service\"]\n"),
        facts_with());
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings.front(), Contains(key + ": systemd knows no unit ngnix.service"));
  }
  auto facts = facts_with();
  facts.knows_unit = [](const std::string&) { return std::optional<bool>(); };
  CHECK(host_warnings(config_with(host.path(), hook(R"("systemctl", "reload", "ngnix")")), facts).empty());
}

SCENARIO("a certificate whose first domain changed does not leave its services behind unnoticed") {
  const Host host;
  const test::TestCa ca;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  const auto lay = [&](const std::string& name, std::vector<std::string> domains) {
    host.folder("live/" + name);
    test::CertificateFacts facts;
    facts.dns_names = std::move(domains);
    host.file("live/" + name + "/cert.pem", ca.issue(key, facts).to_pem(), 0644);
  };
  lay("example.com", {"example.com", "www.example.com"});
  const auto moved = [&](const std::string& domains) { return moved_folders(config_with(host.path(), "", domains)); };

  CHECK(moved(R"("example.com", "www.example.com")").empty());
  CHECK(moved(R"("mail.example.com")").empty());
  const auto sentences = moved(R"("www.example.com", "example.com")");
  REQUIRE(sentences.size() == 1);
  CHECK_THAT(sentences[0], Contains("live/www.example.com") &&
                               Contains("live/example.com, with a certificate for example.com, "
                                        "www.example.com, is no longer renewed") &&
                               Contains("name = \"example.com\""));
  WHEN("the new folder is in service") {
    lay("www.example.com", {"example.com", "www.example.com"});
    CHECK(moved(R"("www.example.com", "example.com")").empty());
  }
}
