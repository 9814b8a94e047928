// SPDX-License-Identifier: Apache-2.0
#include "providers/exec/exec.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/fd.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/providers/log_capture.h"
#include "tests/unit/providers/programs.h"

namespace acmed::providers {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;

const dns::Name zone_name("example.test");
const dns::Name challenge("_acme-challenge.example.test");
const Zone example{zone_name, "Z1"};

std::vector<TxtChange> adds(int count) {
  std::vector<TxtChange> changes;
  for (int i = 0; i < count; ++i) {
    changes.push_back({Action::add, dns::Name(fmt::format("_acme-challenge.n{}.example.test", i)), "v", 60s});
  }
  return changes;
}

/// A plug-in of a test, and acmed's side of it.
struct Scene {
  Programs programs;
  Loop loop;
  std::unique_ptr<Exec> provider;

  explicit Scene(const std::string& body, const std::string& hello = "", Duration timeout = 10s) {
    start(programs.plugin(body), hello, timeout);
  }
  void start(const std::string& program, const std::string& hello, Duration timeout) {
    config::Provider configured;
    configured.name = "corp";
    configured.zones = {"example.test", "sub.example.test"};
    config::Exec settings{external_program({program, "argument"}, timeout)};
    settings.program.environment.push_back({"HELLO", Secret(hello), false});
    provider = std::make_unique<Exec>(configured, settings, loop);
  }

  std::optional<Zone> zone_of(const dns::Name& name) { return run(loop, provider->zone_of(name)); }
  std::string apply(std::vector<TxtChange> changes = adds(1)) {
    return outcome_of([&] { run(loop, provider->apply(example, std::move(changes))); });
  }
  int starts() const { return static_cast<int>(std::ranges::count(programs.read("starts"), '\n')); }
  void end() { run(loop, provider->close()); }
};

constexpr const char* accepts = "echo \"{\\\"id\\\":$id,\\\"ok\\\":true}\"";

std::string answers(const std::string& members) {
  std::string escaped;
  for (const char c : members) escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
  return "printf '%s\\n' \"{\\\"id\\\":$id," + escaped + "}\"";
}

std::string fails(const std::string& error) {
  return answers("\"error\":{" + error + "}");
}

/// Whether the process ends, now or soon.
bool ends(pid_t pid) {
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return true;
  pollfd ended{process.get(), POLLIN, 0};
  return poll(&ended, 1, 10'000) == 1;
}

}  // namespace

SCENARIO("a plug-in is told what is wanted, in one line of JSON") {
  Scene scene(R"(printf '%s\n' "$line" >>"$folder/requests"; )" + std::string(accepts));
  auto changes = adds(1);
  changes.push_back({Action::remove, challenge, R"(a "b"\)", {}});
  CHECK(scene.apply(changes) == "made");
  CHECK(run(scene.loop, scene.provider->check_credentials()) == std::nullopt);
  CHECK(scene.programs.read("requests") ==
        R"({"changes":[{"action":"add","name":"_acme-challenge.n0.example.test","ttl":60,"value":"v"},)"
        R"({"action":"remove","name":"_acme-challenge.example.test","value":"a \"b\"\\"}],"id":2,"method":"apply",)"
        R"("zone":"example.test","zone_id":"Z1"})"
        "\n"
        R"({"id":3,"method":"check"})"
        "\n");
  CHECK(scene.starts() == 1);
}

SCENARIO("a plug-in is told who it is") {
  Programs programs;
  Scene scene("");
  scene.start(
      programs.script("hello", "read -r line; echo \"$line\" >" + programs.path("line").string() + "; env >" +
                                   programs.path("environment").string() + "; echo '{\"id\":1,\"version\":1}'; " +
                                   "read -r line; echo '{\"id\":2,\"ok\":true}'"),
      "", 10s);
  CHECK(scene.apply() == "made");
  CHECK(programs.read("line") ==
        R"({"id":1,"method":"hello","provider":"corp","version":1,"zones":["example.test","sub.example.test"]})"
        "\n");
  const auto environment = programs.read("environment");
  CHECK_THAT(environment, Contains("API_TOKEN=hush-hush\n") && Contains("WORD=plain\n") && Contains("PATH=/usr/local"));
  CHECK_THAT(environment, !Contains("HOME="));
}

SCENARIO("the zone of a name is what the plug-in says") {
  const dns::Name name("_acme-challenge.a.sub.example.test");
  WHEN("it names one") {
    Scene scene(answers(R"("zone":"example.test","zone_id":"Z7")"));
    const auto zone = scene.zone_of(name);
    REQUIRE(zone);
    CHECK(zone->apex == zone_name);
    CHECK(zone->id == "Z7");
  }
  WHEN("it has none") {
    Scene scene(answers("\"zone\":null"));
    CHECK_FALSE(scene.zone_of(name));
  }
  WHEN("it does not know the method") {
    Scene scene(fails("\"kind\":\"unsupported\""));
    CHECK(scene.zone_of(name).value().apex == dns::Name("sub.example.test"));
    CHECK_FALSE(scene.zone_of(dns::Name("elsewhere.test")));
  }
  WHEN("it names one that does not hold the name") {
    Scene scene(answers("\"zone\":\"other.test\""));
    CHECK_THAT(outcome_of([&] { scene.zone_of(name); }),
               StartsWith("retry exec:garbage the plug-in ") && Contains("named \"other.test\""));
  }
  WHEN("it forgets to name one") {
    Scene scene(answers("\"ok\":true"));
    CHECK_THAT(outcome_of([&] { scene.zone_of(name); }), Contains("named no zone"));
  }
}

SCENARIO("what a plug-in says went wrong is told in one sentence, with what can be done") {
  WHEN("it refuses") {
    Scene scene(fails(R"("kind":"refused","message":"the token hush-hush may not\nedit")"));
    CHECK(scene.apply() == "refused exec:refused the plug-in " + scene.programs.path("plugin").string() +
                               " did not change zone example.test: the token *** may not edit");
  }
  WHEN("it wants fewer calls") {
    Scene scene(fails(R"("kind":"throttled","message":"slowly","retry_after":300)"));
    const auto before = scene.loop.clock().now();
    try {
      run(scene.loop, scene.provider->apply(example, adds(1)));
      FAIL("it succeeded");
    } catch (const Error& error) {
      CHECK(error.advice() == Error::Advice::throttled);
      REQUIRE(error.not_before());
      CHECK(*error.not_before() - before >= 300s);
      CHECK(*error.not_before() - before <= 310s);
    }
  }
  WHEN("it is in trouble") {
    Scene scene(fails(R"("kind":"retry")"));
    CHECK_THAT(scene.apply(), StartsWith("retry exec:retry ") && Contains("it does not say why"));
  }
  WHEN("it uses a word of a later version") {
    Scene scene(fails(R"("kind":"tired","message":"zzz")"));
    CHECK_THAT(scene.apply(), StartsWith("retry exec:retry ") && Contains("zzz"));
  }
  WHEN("it cannot change records at all") {
    Scene scene(fails(R"("kind":"unsupported")"));
    CHECK_THAT(scene.apply(), StartsWith("refused exec:unsupported ") && Contains("cannot change zone example.test"));
  }
  WHEN("it says neither yes nor no") {
    Scene scene(answers("\"ok\":false"));
    CHECK_THAT(scene.apply(), StartsWith("retry exec:garbage "));
  }
  WHEN("only some names fail") {
    Scene scene(
        fails(R"("kind":"refused","message":"no","names":["_acme-challenge.n1.example.test","of-nobody.test"])"));
    try {
      run(scene.loop, scene.provider->apply(example, adds(3)));
      FAIL("it succeeded");
    } catch (const SomeFailed& error) {
      CHECK(error.advice() == Error::Advice::refused);
      CHECK(error.among({dns::Name("_acme-challenge.n1.example.test")}));
      CHECK_FALSE(error.among({dns::Name("_acme-challenge.n0.example.test")}));
    }
  }
}

SCENARIO("a great many changes are told in several requests, and all are made though some names fail") {
  Programs programs;
  Scene scene("");
  programs.write("many.py", R"(import json, sys
for line in sys.stdin:
  request = json.loads(line)
  names = [change["name"] for change in request.get("changes", [])]
  said = {"id": request["id"], "version": 1, "ok": True}
  if "_acme-challenge.n7.example.test" in names:
    said["error"] = {"kind": "refused", "message": "no", "names": ["_acme-challenge.n7.example.test"]}
  with open(sys.argv[1], "a") as sizes: print(len(line), len(names), file=sizes)
  print(json.dumps(said), flush=True)
)");
  scene.start(programs.script(
                  "many", "exec python3 " + programs.path("many.py").string() + " " + programs.path("sizes").string()),
              "", 10s);
  auto changes = adds(1100);
  for (auto& change : changes) change.value = std::string(255, '\x01');
  CHECK_THAT(scene.apply(changes), StartsWith("refused exec:refused "));
  std::istringstream sizes(programs.read("sizes"));
  std::vector<std::size_t> counts;
  std::size_t size = 0;
  for (std::size_t count = 0; sizes >> size >> count; counts.push_back(count)) CHECK(size <= (std::size_t{1} << 20));
  CHECK(counts == std::vector<std::size_t>{0, 500, 500, 100});
}

SCENARIO("a zone is published when the plug-in says so") {
  WHEN("it says so at last") {
    Scene scene("n=$((n + 1)); echo $n >\"$folder/asked\"; if [ $n -lt 3 ]; then " +
                answers("\"ready\":false,\"retry_after\":1") + "; else " + answers("\"ready\":true") + "; fi");
    run(scene.loop, scene.provider->await_published(example));
    CHECK(scene.programs.read("asked") == "3\n");
  }
  WHEN("it does not know") {
    Scene scene(fails("\"kind\":\"unsupported\""));
    run(scene.loop, scene.provider->await_published(example));
  }
  WHEN("it says nonsense") {
    Scene scene(answers("\"ready\":\"soon\""));
    CHECK_THAT(outcome_of([&] { run(scene.loop, scene.provider->await_published(example)); }),
               StartsWith("retry exec:garbage "));
  }
}

SCENARIO("a plug-in may warn of its credentials") {
  Scene scene(answers(R"("ok":true,"warning":"the token hush-hush ends on Friday")"));
  CHECK_THAT(run(scene.loop, scene.provider->check_credentials()).value(),
             StartsWith("the plug-in ") && Contains("warns: the token *** ends on Friday"));
}

namespace {

Task<> zones_of(Exec* provider, int count) {
  std::vector<Task<std::optional<Zone>>> searches;
  for (int i = 0; i < count; ++i) searches.push_back(provider->zone_of(dns::Name(fmt::format("n{}.example.test", i))));
  const auto zones = co_await when_all(std::move(searches));
  for (int i = 0; i < count; ++i) {
    if (zones[static_cast<std::size_t>(i)].value().id != fmt::format("n{}", i)) throw Refused("test", "mixed up");
  }
}

/// Prints for a zone request the answer that names its first label as the zone's id.
const std::string names_label =
    R"(name=${line#*name\":\"} name=${name%%.*}; echo "{\"id\":$id,\"zone\":\"example.test\",\"zone_id\":\"$name\"}")";

}  // namespace

SCENARIO("a plug-in that takes one request at a time gets one at a time") {
  Programs programs;
  Scene scene("");
  programs.write("one.py", R"(import json, os, time
while lines := os.read(0, 1 << 20).splitlines():
  request, = map(json.loads, lines)
  time.sleep(0.02)  # what came meanwhile is seen by the next read
  said = {"id": request["id"], "version": 1, "zone": "example.test", "zone_id": request.get("name", "").split(".")[0]}
  os.write(1, json.dumps(said).encode() + b"\n")
)");
  scene.start(programs.script("one", "exec python3 " + programs.path("one.py").string()), "", 10s);
  run(scene.loop, zones_of(scene.provider.get(), 20));
}

SCENARIO("a plug-in that takes several may answer them in any order") {
  Programs programs;
  Scene scene("");
  // Answers only when all ten are there, the last first.
  scene.start(programs.script("backwards", R"(read -r line; echo '{"id":1,"version":1,"parallel":10}'
for i in 1 2 3 4 5 6 7 8 9 10; do
  read -r line
  id=${line#*\"id\":} id=${id%%[,\}]*}
  name=${line#*name\":\"} name=${name%%.*}
  said="{\"id\":$id,\"zone\":\"example.test\",\"zone_id\":\"$name\"}
$said"
done
printf %s "$said"; cat)"),
              "", 10s);
  run(scene.loop, zones_of(scene.provider.get(), 10));
}

SCENARIO("a plug-in that crashes is started again") {
  Scene scene(
      R"(if [ -e "$folder/crash" ]; then rm "$folder/crash"; echo 'Traceback: hush-hush' >&2; kill -SEGV $$; fi; )" +
      std::string(accepts));
  WHEN("it crashes with a request in hand") {
    CHECK(scene.apply() == "made");
    scene.programs.write("crash", "");
    CHECK(scene.apply() == "retry exec:ended the plug-in " + scene.programs.path("plugin").string() +
                               " was ended by signal 11 (Segmentation fault) (its last words: Traceback: ***) when "
                               "asked to change zone example.test");
    THEN("the next request starts it, at once since it had worked") {
      const auto before = std::chrono::steady_clock::now();
      CHECK(scene.apply() == "made");
      CHECK(scene.starts() == 2);
      CHECK(std::chrono::steady_clock::now() - before < 900ms);
    }
  }
  WHEN("it crashes before it has done anything") {
    scene.programs.write("crash", "");
    CHECK_THAT(scene.apply(), StartsWith("retry exec:ended "));
    THEN("the next start waits a second") {
      const auto before = std::chrono::steady_clock::now();
      CHECK(scene.apply() == "made");
      CHECK(std::chrono::steady_clock::now() - before >= 900ms);
    }
  }
}

SCENARIO("a plug-in that always crashes is left alone for longer and longer") {
  Scene scene("exit 3", "", 1s);
  CHECK_THAT(scene.apply(), StartsWith("retry exec:ended ") && Contains("exited with 3 (without a word)"));
  CHECK_THAT(scene.apply(), StartsWith("retry exec:ended ") && Contains("exited with 3"));
  CHECK(scene.starts() == 2);
  const auto now = scene.loop.clock().now();
  try {
    run(scene.loop, scene.provider->apply(example, adds(1)));
    FAIL("it succeeded");
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Contains("failed 2 times in a row and is not started again for now: it exited with 3"));
    CHECK(error.not_before() > now + 1s);
  }
  CHECK(scene.starts() == 2);
}

SCENARIO("a plug-in that cannot be started is told with its name") {
  Scene scene("");
  scene.start("/no/such/plugin", "", 10s);
  CHECK(scene.apply() == "refused process:start there is no file /no/such/plugin");
}

SCENARIO("a plug-in that does not say hello as it should is told so") {
  Programs programs;
  Scene scene("");
  const auto with = [&](const std::string& script) {
    scene.start(programs.script("hello", script), "", 1s);
    return scene.apply();
  };
  CHECK_THAT(
      with("read -r x; echo '{\"id\":1,\"version\":2}'; cat"),
      StartsWith("refused exec:version ") && Contains("speaks version 2 of the protocol, this acmed speaks version 1"));
  CHECK_THAT(
      with("read -r x; echo '{\"id\":1,\"error\":{\"kind\":\"refused\",\"message\":\"API_URL is not set\"}}'; cat"),
      StartsWith("refused exec:refused ") && Contains("did not start: API_URL is not set"));
  CHECK_THAT(with("sleep 1000"),
             StartsWith("retry exec:timeout ") && Contains("did not answer within 1.0 s when asked to start"));
  CHECK_THAT(with("echo 'Welcome!'; cat"),
             StartsWith("retry exec:garbage ") && Contains("wrote \"Welcome!\" to its standard output"));
}

SCENARIO("those who wait for a start that fails fail with it, and do not start again each") {
  Scene scene("");
  scene.start(scene.programs.script("dud", "echo started >>" + scene.programs.path("starts").string() + "; exit 1"), "",
              10s);
  std::vector<Task<>> tasks;
  std::vector<std::string> said(10);
  for (auto& one : said) {
    tasks.push_back([](Exec* provider, std::string* outcome) -> Task<> {
      try {
        co_await provider->apply(example, adds(1));
      } catch (const Error& error) {
        *outcome = error.cause();
      }
    }(scene.provider.get(), &one));
  }
  run(scene.loop, when_all(std::move(tasks)));
  CHECK(said == std::vector<std::string>(10, "exec:ended"));
  CHECK(scene.starts() == 1);
}

SCENARIO("a plug-in that hangs is ended at its time, with all that it started") {
  Scene scene(R"(trap '' TERM; sleep 1000 & echo $! >"$folder/child"; echo $$ >"$folder/pid"; wait; sleep 1000)", "",
              1s);
  const auto before = std::chrono::steady_clock::now();
  CHECK_THAT(scene.apply(),
             StartsWith("retry exec:timeout ") &&
                 Contains("did not answer within 1.0 s when asked to change zone example.test, and is ended"));
  CHECK(std::chrono::steady_clock::now() - before < 1900ms);
  scene.end();
  CHECK(ends(std::stoi(scene.programs.read("pid"))));
  CHECK(ends(std::stoi(scene.programs.read("child"))));
}

SCENARIO("a plug-in that writes nonsense is ended") {
  for (const auto* garbage : {"echo hello hush-hush", "echo '{}'", "echo '[1]'", "echo '{\"id\":77,\"ok\":true}'",
                              "echo '{\"id\":\"2\"}'", "echo '{\"id\":2'", "printf '\\377\\n'", "echo"}) {
    INFO(garbage);
    Scene scene(garbage);
    const auto said = scene.apply();
    CHECK_THAT(said,
               StartsWith("retry exec:garbage ") && Contains("which is for answers to requests alone, when asked to"));
    CHECK_THAT(said, !Contains("hush"));
  }
  Scene flood("head -c 2000000 /dev/zero | tr '\\0' x; " + std::string(accepts));
  CHECK_THAT(flood.apply(), StartsWith("retry exec:garbage ") && Contains("wrote a line of more than 1 MiB"));
}

SCENARIO("a plug-in may answer with a long line, and with members that nobody knows") {
  Scene scene(
      "x=$(head -c 1000000 /dev/zero | tr '\\0' x); echo \"{\\\"new\\\":\\\"$x\\\",\\\"id\\\":$id,\\\"ok\\\":true}\"");
  CHECK(scene.apply() == "made");
}

namespace {

Task<> call_off(Exec* provider, Duration after) {
  const bool ended = co_await within(after, provider->apply(example, adds(1)));
  if (ended) throw Refused("test", "it ended");
}

}  // namespace

SCENARIO("a request that is called off is answered in vain, and the next one is not mixed up with it") {
  Scene scene("case $line in *'\"id\":3'*) sleep 0.5 ;; esac; " + names_label);
  CHECK(scene.zone_of(dns::Name("first.example.test")).value().id == "first");
  run(scene.loop, call_off(scene.provider.get(), 100ms));
  CHECK(scene.zone_of(dns::Name("second.example.test")).value().id == "second");
  CHECK(scene.starts() == 1);
}

SCENARIO("calling off in the middle of a start leaves a provider that works") {
  Programs programs;
  Scene scene("");
  scene.start(programs.script("slow", "read -r x; if [ ! -e " + programs.path("once").string() + " ]; then touch " +
                                          programs.path("once").string() +
                                          "; sleep 1000; fi; echo '{\"id\":2,\"version\":1}'; read -r x; echo "
                                          "'{\"id\":3,\"ok\":true}'"),
              "", 20s);
  run(scene.loop, call_off(scene.provider.get(), 300ms));
  CHECK(scene.apply() == "made");
}

SCENARIO("a plug-in rests when nothing is to be done, and is started anew") {
  Scene scene(R"(echo $$ >"$folder/pid"; )" + std::string(accepts));
  CHECK(scene.apply() == "made");
  const auto pid = std::stoi(scene.programs.read("pid"));
  const test::LogCapture log;
  scene.provider->rest();
  CHECK(ends(pid));
  CHECK(scene.apply() == "made");
  CHECK(scene.starts() == 2);
  CHECK(log.text().empty());
}

SCENARIO("a plug-in that would not end is killed at shutdown, two seconds later or when there is no time") {
  Scene scene(R"(trap '' TERM; echo $$ >"$folder/pid"; )" + std::string(accepts) + "; while :; do sleep 1000; done");
  CHECK(scene.apply() == "made");
  const auto pid = std::stoi(scene.programs.read("pid"));
  const auto before = std::chrono::steady_clock::now();
  WHEN("there is time") {
    scene.end();
    CHECK(std::chrono::steady_clock::now() - before >= 2s);
  }
  WHEN("there is none") {
    scene.provider.reset();
    CHECK(std::chrono::steady_clock::now() - before < 500ms);
  }
  CHECK(ends(pid));
}

SCENARIO("what a plug-in writes on standard error goes to the log, clean and within bounds") {
  const test::LogCapture log;
  Scene scene(
      R"(printf 'one \033[31m hush-hush\n\ntwo\n' >&2; i=0; while [ $i -lt 300 ]; do echo "line $i" >&2; i=$((i + 1)); done; )" +
      std::string(accepts));
  CHECK(scene.apply() == "made");
  scene.end();
  const auto text = log.text();
  CHECK_THAT(text, Contains("provider corp: one [31m ***\n") && Contains("provider corp: two\n"));
  CHECK_THAT(text, !Contains("hush"));
  CHECK_THAT(text, Contains("provider corp: line 197\n") && !Contains("line 198\n") &&
                       Contains("provider corp: 102 more lines\n"));
}

}  // namespace acmed::providers
