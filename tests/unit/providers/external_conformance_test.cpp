// SPDX-License-Identifier: Apache-2.0
// The providers that are programs and servers of somebody else's, each with a small one that keeps its values in files.
#include "base/json.h"
#include "providers/registry.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/providers/conformance.h"
#include "tests/unit/providers/programs.h"

namespace acmed::providers {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A file for each name, in a folder of the test; a value a line.
class FileStage : public Stage {
 public:
  Loop& loop() override { return loop_; }
  std::unique_ptr<Provider> make_provider() override {
    configured_.name = "files";
    configured_.zones = {zone().text()};
    return providers::make_provider(configured_, loop_, discovery_);
  }
  dns::Name zone() override { return dns::Name("example.test"); }
  std::set<std::string> values_at(const dns::Name& name) override {
    std::set<std::string> values;
    std::istringstream lines(programs_.read(name.text()));
    for (std::string line; std::getline(lines, line);) values.insert(line);
    return values;
  }
  void put(const dns::Name& name, const std::string& value) override {
    auto values = values_at(name);
    values.insert(value);
    keep(name, values);
  }

 protected:
  void keep(const dns::Name& name, const std::set<std::string>& values) {
    std::string text;
    for (const auto& each : values) text += each + "\n";
    programs_.write(name.text(), text);
  }

  Programs programs_;
  config::Provider configured_;

 private:
  Loop loop_;
  dns::Discovery discovery_{loop_, {*dns::Endpoint::parse("127.0.1.7")}};
};

constexpr const char* plugin = R"(import json, os, sys
folder = sys.argv[1] + "/"
def handle(request):
  fault = os.path.exists(folder + "fault") and open(folder + "fault").read()
  if request["method"] == "hello": return {"version": 1}
  if fault in ("refused", "throttled"): return {"error": {"kind": fault, "message": "as the test wants"}}
  if fault == "garbage": return None
  if request["method"] == "zone": return {"zone": "example.test" if request["name"].endswith(".example.test") else None}
  if request["method"] != "apply": return {"error": {"kind": "unsupported"}}
  for change in request["changes"]:
    path = folder + change["name"]
    values = set(open(path).read().splitlines()) if os.path.exists(path) else set()
    values = values | {change["value"]} if change["action"] == "add" else values - {change["value"]}
    open(path, "w").write("".join(value + "\n" for value in values))
  if fault == "silent": return ""
  return {"ok": True}
for line in sys.stdin:
  request = json.loads(line)
  said = handle(request)
  if said is None: print("Oh no", flush=True)
  elif said: print(json.dumps({"id": request["id"], **said}), flush=True)
)";

class ExecStage final : public FileStage {
 public:
  ExecStage() {
    programs_.write("plugin.py", plugin);
    const auto program = programs_.script(
        "plugin", "exec python3 " + programs_.path("plugin.py").string() + " " + programs_.path("").string());
    configured_.settings = config::Exec{external_program({program}, 2s)};
  }
  bool fault(Fault fault) override {
    programs_.write("fault", fault == Fault::credentials ? "refused"
                             : fault == Fault::throttled ? "throttled"
                             : fault == Fault::garbage   ? "garbage"
                                                         : "silent");
    return true;
  }
  void heal() override { fs::remove(programs_.path("fault")); }
};

class LegoExecStage final : public FileStage {
 public:
  LegoExecStage() {
    const auto program = programs_.script("helper", R"(file=$(dirname "$0")/${2%.}
touch "$file"
grep -vxF -- "$3" "$file" >"$file.new"
[ "$1" = cleanup ] || printf '%s\n' "$3" >>"$file.new"
mv "$file.new" "$file"
[ ! -e "$(dirname "$0")/fault" ] || sleep 1000)");
    configured_.settings = config::LegoExec{external_program({program}, 1s)};
  }
  bool fault(Fault fault) override {
    if (fault != Fault::silent) return false;
    programs_.write("fault", "");
    return true;
  }
  void heal() override { fs::remove(programs_.path("fault")); }
};

class LegoHttpreqStage final : public FileStage {
 public:
  LegoHttpreqStage() {
    config::LegoHttpreq settings;
    settings.endpoint = server_.url("/x");
    settings.timeout = 2s;
    configured_.settings = settings;
  }
  bool fault(Fault fault) override {
    const std::lock_guard guard(lock_);
    fault_ = fault;
    return true;
  }
  void heal() override {
    const std::lock_guard guard(lock_);
    fault_.reset();
  }

 private:
  void serve(test::FakeServer::Connection& connection) {
    for (std::string request; !(request = connection.read_request()).empty();) {
      const std::lock_guard guard(lock_);
      if (fault_ == Fault::credentials) {
        connection.write(test::answer("401 Unauthorized", "", ""));
        continue;
      }
      if (fault_ == Fault::throttled) {
        connection.write(test::answer("429 Too Many", "Retry-After: 5\r\n", ""));
        continue;
      }
      if (fault_ == Fault::garbage) {
        connection.write("Oh no\r\n\r\n");
        return;
      }
      const auto body = json::parse(request.substr(request.find("\r\n\r\n") + 4)).value();
      const dns::Name name(body["fqdn"].text_or());
      auto values = values_at(name);
      if (request.starts_with("POST /x/present ")) values.insert(body["value"].text_or());
      if (request.starts_with("POST /x/cleanup ")) values.erase(body["value"].text_or());
      keep(name, values);
      if (fault_ != Fault::silent) connection.write(test::answer("200 OK", "", ""));
    }
  }

  std::mutex lock_;
  std::optional<Fault> fault_;
  test::FakeServer server_{[this](test::FakeServer::Connection& connection) { serve(connection); }};
};

}  // namespace

SCENARIO("a plug-in does what every provider must") {
  ExecStage stage;
  check_conformance(stage);
}

SCENARIO("a helper of lego's does what every provider must") {
  LegoExecStage stage;
  check_conformance(stage);
}

SCENARIO("an endpoint of lego's does what every provider must") {
  LegoHttpreqStage stage;
  check_conformance(stage);
}

}  // namespace acmed::providers
