// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/file_store.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>

#include "base/files.h"
#include "base/host_accounts.h"
#include "base/log.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/base/watched_disk.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::store {
namespace {

/// What looks like a private key in PEM.
Secret key_named(const std::string& name) {
  return Secret("-----BEGIN PRIVATE KEY-----\n" + name + "\n-----END PRIVATE KEY-----\n");
}

namespace fs = std::filesystem;

GenerationFiles files_named(const std::string& text) {
  return {Secret("key " + text), "cert " + text, "chain " + text, "full " + text};
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::set<std::string> entries_of(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

/// What `work` returns in a process of that user.
template <class Work>
std::string as_user(uid_t user, Work work) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto text = ::setgroups(0, nullptr) == 0 && ::setgid(user) == 0 && ::setuid(user) == 0 ? work() : "no rights";
    [[maybe_unused]] const auto written = ::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  const Fd reading(ends[0]);
  std::string text;
  std::array<char, 4096> some{};
  for (ssize_t count = 0; (count = ::read(reading.get(), some.data(), some.size())) > 0;) {
    text.append(some.data(), static_cast<std::size_t>(count));
  }
  ::waitpid(child, nullptr, 0);
  return text;
}

Certificate full_certificate() {
  Certificate certificate;
  certificate.order = OpenOrder{{"https://ca.test/dir", "department-1", "ecdsa-p384", "thumbprint"},
                                "https://ca.test/order/1",
                                Secret("pem"),
                                "ecdsa-p256",
                                {"a.test", "*.a.test"},
                                Time(std::chrono::hours(7)),
                                1,
                                2};
  certificate.values = {{"bind", "a.test", "", "_acme-challenge.a.test", "value-1", TxtOrigin{"a.test", "token.print"}},
                        {"old", "b.test", "id", "_acme-challenge.b.test", "value-2"}};
  certificate.issued = Issued{3,
                              "https://ca.test/dir",
                              "ecdsa-p256",
                              {"a.test"},
                              "0a",
                              Time(std::chrono::hours(1)),
                              Time(std::chrono::hours(4)),
                              Time(std::chrono::hours(2))};
  certificate.trouble = Trouble{
      2, "dns:timeout", "no answer", Time{}, Time(std::chrono::hours(5)), Time(std::chrono::hours(6)), "fingerprint"};
  certificate.deployments["nginx"] = Deployment{
      3, 2, "print", Trouble{1, "deploy:test", "failed", Time{}, Time{}, {}, "nginx"}, Time(std::chrono::hours(7)), 2};
  TlsaValue tlsa{"bind", "a.test", "id", "_25._tcp.a.test", "3 1 1 ab", 3, std::chrono::seconds(300)};
  tlsa.usable = Time(std::chrono::hours(8));
  tlsa.superfluous = Time(std::chrono::hours(9));
  certificate.dane = Dane{NextKey{Secret("next"), "ecdsa-p256", "3 1 1 cd"}, 3, "3 1 1 ab", {tlsa}};
  certificate.dane_trouble = Trouble{1, "dns:propagation", "not shown", Time{}, Time{}, {}, "names"};
  return certificate;
}

SCENARIO("what is remembered of a certificate is there after a restart") {
  const TemporaryFolder folder;
  Loop loop;
  {
    StateDirectory state(folder.path());
    auto& store = state.store;
    run(loop, store.save_certificate("web", full_certificate()));
  }
  StateDirectory state(folder.path());
  auto& store = state.store;
  const auto loaded = run(loop, store.load_certificate("web"));
  auto saved = full_certificate();
  saved.revision = 1;
  CHECK(json::dump(to_json(loaded)) == json::dump(to_json(saved)));
  CHECK(loaded.values == full_certificate().values);
  REQUIRE(loaded.dane);
  CHECK(loaded.dane->next_key.value().pem.reveal() == "next");
  CHECK(loaded.dane->values.at(0).usable == Time(std::chrono::hours(8)));
  CHECK(loaded.dane->values.at(0).superfluous == Time(std::chrono::hours(9)));
  CHECK(run(loop, store.certificate_names()) == std::vector<std::string>{"web"});
  CHECK(mode_of(folder.path() / "certificates/web/state.json") == 0600);
}

SCENARIO("an order that an older version kept is read, though it lacks what was not kept then") {
  auto state = *to_json(full_certificate()).as_object();
  auto old = *state.at("order").as_object();
  for (const auto* member : {"account_brought_key", "expires", "failures", "fruitless", "validating"})
    REQUIRE(old.erase(member) == 1);
  state.insert_or_assign("order", old);
  const auto order = certificate_from_json(state).value().order;
  REQUIRE(order);
  CHECK(order->url == "https://ca.test/order/1");
  CHECK(!order->expires);
  CHECK(order->failures == 0);
  CHECK(order->fruitless == 0);
  CHECK(order->account.brought_key.empty());
}

/// Whether what inotify watches at `path` changes while `work` runs.
bool is_told(const fs::path& path, const std::function<void()>& work) {
  const Fd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  // What systemd watches for PathChanged=.
  constexpr std::uint32_t changes =
      IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
  REQUIRE(::inotify_add_watch(events.get(), path.c_str(), changes) >= 0);
  work();
  std::array<char, 4096> buffer;
  return ::read(events.get(), buffer.data(), buffer.size()) > 0;
}

SCENARIO("whoever watches a certificate hears of its renewal, wherever he looks") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  GenerationMeta meta;
  meta.serial = "0a";
  state.add(loop, "web", files_named("1"), meta);
  meta.serial = "0b";
  state.add(loop, "web", files_named("2"), meta);
  state.publish(loop, "web", 1);
  const auto renew = [&] { state.publish(loop, "web", 2); };

  WHEN("he watches a file, its folder, all of them, or the stamp") {
    const auto* watched = GENERATE("live/web/fullchain.pem", "live/web/privkey.pem", "live/web", "live", "stamps/web");
    CAPTURE(watched);
    CHECK(is_told(folder.path() / watched, renew));
  }
  THEN("the stamp says what is in service, and stays the same file") {
    struct stat before {};
    struct stat after {};
    CHECK_THAT(files::read(folder.path() / "stamps/web").value(), Catch::StartsWith("0001 0a "));
    ::stat((folder.path() / "stamps/web").c_str(), &before);
    renew();
    CHECK_THAT(files::read(folder.path() / "stamps/web").value(), Catch::StartsWith("0002 0b "));
    ::stat((folder.path() / "stamps/web").c_str(), &after);
    CHECK(before.st_ino == after.st_ino);
  }
  THEN("the former generation still counts as it was written") {
    renew();
    const auto looked = run(loop, state.publisher.look({{"web", 2}}));
    CHECK(looked.at(0).generation == 2U);
  }
  THEN("nobody but acmed needs a right for it that others lack") {
    CHECK(mode_of(folder.path() / "live") == 0755);
    CHECK(mode_of(folder.path() / "live/web") == 0755);
    CHECK(mode_of(folder.path() / "stamps/web") == 0644);
    CHECK(mode_of(folder.path() / "certificates") == 0751);
  }
  WHEN("an older acmed made live/") {
    const TemporaryFolder old;
    { const StateFolder first(old.path()); }
    ::chmod((old.path() / "live").c_str(), 0751);
    { const StateFolder second(old.path()); }
    CHECK(mode_of(old.path() / "live") == 0755);
    ::chmod((old.path() / "live").c_str(), 0700);
    { const StateFolder third(old.path()); }
    CHECK(mode_of(old.path() / "live") == 0700);
  }
}

SCENARIO("what a provider keeps is there after a restart, for acmed alone") {
  const TemporaryFolder folder;
  Loop loop;
  const json::Object kept{{"accounts", json::Array{json::Object{{"password", "secret"}}}}};
  {
    StateDirectory state(folder.path());
    auto& store = state.store;
    CHECK(run(loop, store.load_provider("acme")).empty());
    run(loop, store.save_provider("acme", kept));
  }
  StateDirectory state(folder.path());
  auto& store = state.store;
  CHECK(run(loop, store.load_provider("acme")) == kept);
  CHECK(run(loop, store.load_provider("other")).empty());
  CHECK(mode_of(folder.path() / "providers/acme.json") == 0600);
  CHECK(mode_of(folder.path() / "providers") == 0700);
  WHEN("the file cannot be read as such") {
    std::ofstream(folder.path() / "providers/acme.json") << "[]";
    CHECK(run(loop, store.load_provider("acme")).empty());
    THEN("it is set aside") {
      CHECK_FALSE(fs::exists(folder.path() / "providers/acme.json"));
      CHECK(std::distance(fs::directory_iterator(folder.path() / "providers"), fs::directory_iterator()) == 1);
    }
  }
}

SCENARIO("an account whose key a power cut has damaged is set aside, and another one takes its place") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  Account account;
  account.identity = {"https://ca.test/dir", "", "ecdsa-p256"};
  account.url = "https://ca.test/account/1";
  account.key_pem = key_named("first");
  run(loop, state.store.save_account(account));
  const fs::path account_folder = fs::directory_iterator(folder.path() / "accounts")->path();
  const auto left = GENERATE(as<std::string>{}, "", "-----BEGIN PRIVATE KEY-----\nMIGH", std::string(200, '\0'));
  std::ofstream(account_folder / "key.pem", std::ios::trunc) << left;
  CHECK(!run(loop, state.store.load_account(account.identity)));
  CHECK(!fs::exists(account_folder));
  const auto aside = fs::directory_iterator(folder.path() / "accounts")->path();
  CHECK_THAT(aside.string(), Catch::StartsWith(account_folder.string() + ".corrupt-"));
  CHECK(files::read(aside / "key.pem") == left);
  account.key_pem = key_named("second");
  run(loop, state.store.save_account(account));
  CHECK(run(loop, state.store.load_account(account.identity))->key_pem == account.key_pem);
}

SCENARIO("an account's key is never replaced") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  auto& store = state.store;
  Account account;
  account.identity = {"https://ca.test:14000/dir", "", "ecdsa-p256"};
  account.key_pem = key_named("first");
  run(loop, store.save_account(account));
  CHECK(run(loop, store.load_account(account.identity))->url.empty());
  account.url = "https://ca.test/account/1";
  account.key_pem = key_named("second");
  run(loop, store.save_account(account));
  const auto loaded = run(loop, store.load_account(account.identity));
  REQUIRE(loaded);
  CHECK(loaded->key_pem == key_named("first"));
  CHECK(loaded->url == account.url);
  CHECK(!run(loop, store.load_account({"https://other.test/dir", "", "ecdsa-p256"})));
}

SCENARIO("a new generation goes live as a pair, and old ones that nobody needs are removed") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  auto& store = state.store;
  for (unsigned wanted = 1; wanted <= 5; ++wanted) {
    const auto number = state.add(loop, "web", files_named(std::to_string(wanted)));
    CHECK(number == wanted);
    state.publish(loop, "web", number);
    const fs::path live = state.folder.live("web");
    CHECK(files::read(live / "privkey.pem") == "key " + std::to_string(wanted));
    CHECK(files::read(live / "fullchain.pem") == "full " + std::to_string(wanted));
  }
  CHECK(state.live(loop, "web") == 5U);
  run(loop, store.remove_old_generations("web", {1, 5}));
  CHECK(fs::exists(state.generation_path("web", 1)));
  CHECK(!fs::exists(state.generation_path("web", 2)));
  CHECK(fs::exists(state.generation_path("web", 3)));
  CHECK(fs::read_symlink(state.folder.live("web")) == "../certificates/web/0005");
}

SCENARIO("a generation and its name are on the disk before anything leads to it") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  state.add(loop, "web", files_named("1"));
  const test::WatchedDisk disk;
  const auto number = state.add(loop, "web", files_named("2"));
  const auto steps = disk.texts({"rename", "sync"});
  REQUIRE(steps.size() > 2);
  CHECK(steps[steps.size() - 2] == "rename new 0002 to 0002");
  CHECK(steps.back() == "sync web");
  CHECK(number == 2);
}

SCENARIO("the link can be put back to the generation before without losing the newer one") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  state.publish(loop, "web", state.add(loop, "web", files_named("1")));
  state.publish(loop, "web", state.add(loop, "web", files_named("2")));
  state.publish(loop, "web", 1);
  CHECK(state.live(loop, "web") == 1U);
  CHECK(fs::exists(state.generation_path("web", 2)));
}

SCENARIO("a generation that is not there is never put in service") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  state.publish(loop, "web", state.add(loop, "web", files_named("1")));
  CHECK_THROWS_AS(state.publish(loop, "web", 7), Error);
  fs::remove(state.generation_path("web", state.add(loop, "web", files_named("2"))) / "privkey.pem");
  CHECK_THROWS_AS(state.publish(loop, "web", 2), Error);
  CHECK(state.live(loop, "web") == 1U);
}

SCENARIO("nobody but root and the group of the keys can read a private key") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  const auto number = state.add(loop, "web", files_named("1"));
  CHECK((mode_of(state.generation_path("web", number) / "privkey.pem") & 0007) == 0);
  CHECK(mode_of(folder.path() / "accounts") == 0700);
}

SCENARIO("a generation that a crash left half written is no generation") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  for (const auto* half : {".0001.new", ".0001.17.0.new"}) {
    fs::create_directories(folder.path() / "certificates/web" / half);
    std::ofstream(folder.path() / "certificates/web" / half / "privkey.pem") << "half";
  }
  const auto number = state.add(loop, "web", files_named("1"));
  CHECK(number == 1);
  CHECK(files::read(state.generation_path("web", 1) / "privkey.pem") == "key 1");
}

SCENARIO("a generation that cannot be finished leaves no key behind") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  // No number follows the largest one: the new folder cannot get its name.
  fs::create_directories(folder.path() / "certificates/web/4294967295/x");
  fs::create_directories(folder.path() / "certificates/web/0000/x");
  CHECK_THROWS_AS(state.add(loop, "web", files_named("1")), Error);
  CHECK(entries_of(folder.path() / "certificates/web") == std::set<std::string>{"0000", "4294967295"});
}

SCENARIO("what a killed acmed was writing is gone after the next start, and nothing else") {
  const TemporaryFolder folder;
  Loop loop;
  const auto& root = folder.path();
  const std::string url = "https://ca.test/dir";
  {
    StateDirectory state(root);
    auto& store = state.store;
    Account account;
    account.identity = {url, "", "ecdsa-p256"};
    account.url = "https://ca.test/account/1";
    account.key_pem = key_named("key");
    run(loop, store.save_account(account));
    run(loop, store.save_certificate("web", full_certificate()));
    state.publish(loop, "web", state.add(loop, "web", files_named("1")));
    run(loop, store.save_provider("acme", {}));
    run(loop, store.save_ledger({}));
  }
  const auto account_folder = fs::directory_iterator(root / "accounts")->path();
  const std::vector<fs::path> folders = {root, account_folder, root / "certificates/web", root / "live",
                                         root / "providers"};
  // What an operator, or a tool of his, may have left there stays.
  for (const auto& each : folders) {
    for (const auto* name : {"notes.new", ".notes.new", ".0001", ".swp.17.0", ".notes.17.0.tmp"})
      std::ofstream(each / name) << "x";
    // In live/ any name may be a certificate's.
    if (each != root / "live") std::ofstream(each / ".notes.17.0.new") << "x";
  }
  std::vector<std::set<std::string>> before;
  for (const auto& each : folders) before.push_back(entries_of(each));
  for (const std::string process : {"1.0", "12345.77", "0123456789abcdef.3"}) {
    const auto ending = "." + process + ".new";
    std::ofstream(root / (".ledger.json" + ending)) << "{";
    std::ofstream(account_folder / (".account.json" + ending)) << "{";
    std::ofstream(account_folder / (".key.pem" + ending)) << "half a k";
    std::ofstream(root / ("certificates/web/.state.json" + ending)) << "{";
    fs::create_directory(root / ("certificates/web/.0002" + ending));
    std::ofstream(root / ("certificates/web/.0002" + ending) / "privkey.pem") << "half a k";
    fs::create_symlink("../certificates/web/0001", root / ("live/.web" + ending));
    std::ofstream(root / ("providers/.acme.json" + ending)) << "{";
  }
  std::ofstream(account_folder / "key.pem.0123456789abcdef.new") << "half a k";
  fs::create_directory(root / "certificates/web/.0002.new");
  {
    StateDirectory state(root);
    auto& store = state.store;
    run(loop, store.save_certificate("web", run(loop, store.load_certificate("web"))));
    std::vector<std::set<std::string>> after;
    for (const auto& each : folders) after.push_back(entries_of(each));
    CHECK(after == before);
    CHECK(files::read(state.folder.live("web") + "/privkey.pem") == "key 1");
    CHECK(run(loop, store.load_account({url, "", "ecdsa-p256"}))->key_pem == key_named("key"));
  }
}

SCENARIO("root does not work in a state directory of somebody else's") {
  if (::geteuid() != 0) return;
  constexpr uid_t somebody = 1;
  const TemporaryFolder folder;
  const auto refused_with = [&](const std::string& sentence) {
    try {
      const StateFolder state(folder.path());
      FAIL("root was let in");
    } catch (const Error& error) {
      CHECK(error.advice() == Error::Advice::refused);
      CHECK(error.cause() == "store:owner");
      CHECK_THAT(error.what(), Catch::Contains(sentence));
    }
  };
  GIVEN("an empty one of a user whose name the host knows") {
    REQUIRE(::chown(folder.path().c_str(), somebody, static_cast<gid_t>(-1)) == 0);
    const auto name = name_of_user(somebody);
    refused_with(folder.path().string() + " belongs to the user " + name);
    refused_with("sudo -u " + name + " acmed ...");
    THEN("nothing was written") {
      CHECK(entries_of(folder.path()).empty());
    }
  }
  GIVEN("one of a user without a name") {
    REQUIRE(::chown(folder.path().c_str(), 54321, static_cast<gid_t>(-1)) == 0);
    refused_with("sudo -u '#54321' acmed ...");
  }
  GIVEN("one of root's own with somebody's files in it") {
    { const StateFolder state(folder.path()); }
    for (const auto* name : {"lock", "accounts", "certificates", "live"}) {
      REQUIRE(::chown((folder.path() / name).c_str(), somebody, static_cast<gid_t>(-1)) == 0);
      refused_with((folder.path() / name).string());
      REQUIRE(::chown((folder.path() / name).c_str(), 0, static_cast<gid_t>(-1)) == 0);
    }
    const StateFolder state(folder.path());
  }
  GIVEN("one that does not exist yet") {
    const StateFolder state(folder.path() / "fresh");
    CHECK(fs::exists(folder.path() / "fresh/lock"));
  }
}

SCENARIO("a state directory that somebody else can change is refused") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "state";
  const auto refused_with = [&](const std::string& words) {
    try {
      const StateFolder state(path);
      FAIL("it was taken");
    } catch (const Refused& error) {
      CHECK(error.cause() == "store:shared");
      CHECK_THAT(error.what(), Catch::Contains(words));
    }
  };
  { const StateFolder state(path); }
  REQUIRE(::chmod(path.c_str(), 0777) == 0);
  const auto sentence =
      "every user of this host may write to " + path.string() + " (mode 0777); run: chmod o-w " + path.string();
  refused_with(sentence);
  if (::geteuid() == 0) {
    // Whoever laid a folder there is not whom acmed should be run as.
    REQUIRE(::chown((path / "certificates").c_str(), 1, static_cast<gid_t>(-1)) == 0);
    refused_with(sentence);
    REQUIRE(::chown((path / "certificates").c_str(), 0, static_cast<gid_t>(-1)) == 0);
  }
  REQUIRE(::chmod(path.c_str(), 0751) == 0);
  REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  refused_with("run: chmod o-w " + folder.path().string());
  REQUIRE(::chmod(folder.path().c_str(), 01777) == 0);
  const StateFolder state(path);
}

SCENARIO("files of another user's are named with what to type") {
  if (::geteuid() != 0) return;  // only root can make them
  const TemporaryFolder folder;
  const auto path = folder.path() / "state";
  Loop loop;
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  {
    StateDirectory state(path);
    auto& store = state.store;
    run(loop, store.save_certificate("web", full_certificate()));
    run(loop, store.save_ledger({}));
  }
  const auto own = [](const fs::path& entry, uid_t user) {
    REQUIRE(::lchown(entry.c_str(), user, static_cast<gid_t>(-1)) == 0);
  };
  constexpr uid_t service = 1;
  for (const auto& entry : fs::recursive_directory_iterator(path)) own(entry.path(), service);
  own(path, service);
  const auto command = "chown -R " + name_of_user(service) + " " + path.string();
  const auto fails_as_service = [&](auto work) {
    const auto sentence = as_user(service, [&] {
      try {
        work();
      } catch (const Error& error) {
        return std::string(error.what());
      }
      return std::string("no error");
    });
    CHECK_THAT(sentence, Catch::Contains("belongs to the user root, and acmed runs as " + name_of_user(service)) &&
                             Catch::Contains(command));
  };
  GIVEN("its state directory") {
    own(path, 0);
    own(path / "lock", 0);
    fails_as_service([&] { const StateFolder state(path); });
  }
  GIVEN("its lock") {
    own(path / "lock", 0);
    fails_as_service([&] { const StateFolder state(path); });
  }
  GIVEN("a certificate's state") {
    own(path / "certificates/web/state.json", 0);
    fails_as_service([&] {
      StateDirectory state(path);
      Loop own_loop;
      run(own_loop, state.store.load_certificate("web"));
    });
  }
  GIVEN("a certificate's folder") {
    own(path / "certificates/web", 0);
    fails_as_service([&] {
      StateDirectory state(path);
      Loop own_loop;
      auto certificate = full_certificate();
      certificate.revision = 1;
      run(own_loop, state.store.save_certificate("web", certificate));
    });
    fails_as_service([&] {
      StateDirectory state(path);
      Loop own_loop;
      state.add(own_loop, "web", files_named("2"));
    });
  }
  GIVEN("a parent that it may not write to, and no state directory") {
    fs::remove_all(path);
    const auto sentence = as_user(service, [&] {
      try {
        const StateFolder state(path);
      } catch (const Error& error) {
        return std::string(error.what());
      }
      return std::string("no error");
    });
    CHECK_THAT(sentence, Catch::Contains("install -d -o " + name_of_user(service) + " -m 0751 " + path.string()));
  }
}

SCENARIO("a certificate goes live although somebody has removed the folders of live ones") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  state.publish(loop, "web", state.add(loop, "web", files_named("1")));
  for (const auto* removed : {"live", "stamps"}) fs::remove_all(folder.path() / removed);
  state.publish(loop, "web", state.add(loop, "web", files_named("2")));
  CHECK(files::read(state.folder.live("web") + "/privkey.pem") == "key 2");
  CHECK(fs::exists(folder.path() / "stamps/web"));
}

SCENARIO("a state that cannot be read is kept aside and the work goes on") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  const auto path = folder.path() / "certificates/web/state.json";
  fs::create_directories(path.parent_path());
  for (const std::string garbage : {"", "{", "[]", "{\"version\":0}"}) {
    std::ofstream(path) << garbage;
    const auto loaded = run(loop, state.store.load_certificate("web"));
    CHECK(!loaded.issued);
    CHECK(!fs::exists(path));
  }
  const auto is_aside = [](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with("state.json.corrupt-");
  };
  CHECK(std::count_if(fs::directory_iterator(path.parent_path()), fs::directory_iterator(), is_aside) >= 1);
}

SCENARIO("two daemons never work in one folder") {
  const TemporaryFolder folder;
  const StateFolder state(folder.path());
  try {
    const StateFolder second(folder.path());
    FAIL("the second one was let in");
  } catch (const Error& error) {
    CHECK(error.cause() == "store:locked");
    CHECK_THAT(error.what(), Catch::Contains("another acmed works in " + folder.path().string()));
  }
}

SCENARIO("a state that somebody else has saved meanwhile is not overwritten") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  auto& store = state.store;
  auto ours = full_certificate();
  ours.revision = run(loop, store.save_certificate("web", ours));
  auto theirs = run(loop, store.load_certificate("web"));
  CHECK(theirs.revision == ours.revision);
  theirs.values.clear();
  run(loop, store.save_certificate("web", theirs));
  try {
    run(loop, store.save_certificate("web", ours));
    FAIL("it was overwritten");
  } catch (const Error& error) {
    CHECK(error.cause() == other_revision);
  }
  CHECK(run(loop, store.load_certificate("web")).values.empty());
}

SCENARIO("a state that somebody else has saved under our claim is not overwritten") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  auto& store = state.store;
  const auto claim = run(loop, store.claim("web"));
  auto ours = full_certificate();
  ours.revision = run(loop, store.save_certificate("web", ours));
  ours.revision = run(loop, store.save_certificate("web", ours));
  CHECK(run(loop, store.load_certificate("web")).revision == 2);
  auto theirs = ours;
  theirs.revision = 3;
  files::write_durably(folder.path() / "certificates/web/state.json", json::dump(to_json(theirs)), 0600);
  CHECK_THROWS_AS(run(loop, store.save_certificate("web", ours)), Retry);
  CHECK(run(loop, store.load_certificate("web")).revision == 3);
  // What is gone is written anew.
  fs::remove_all(folder.path() / "certificates/web");
  CHECK(run(loop, store.save_certificate("web", ours)) == 3);
  CHECK(run(loop, store.load_certificate("web")).issued);
}

SCENARIO("a certificate is worked on by one at a time") {
  const TemporaryFolder folder;
  VirtualClock clock{Time{}};
  Loop loop{clock};
  StateDirectory state(folder.path());
  auto& store = state.store;
  auto first = run(loop, store.claim("web"));
  std::vector<std::string> events;
  const auto work = [](FileStore* where, std::string name, std::vector<std::string>* told) -> Task<> {
    const auto claim = co_await where->claim(name);
    told->push_back(name);
  };
  const auto give_up = [](Claim* claim, std::vector<std::string>* told) -> Task<> {
    co_await sleep_for(std::chrono::minutes(1));
    told->push_back("given up");
    claim->reset();
  };
  std::vector<Task<>> all;
  all.push_back(work(&store, "web", &events));
  all.push_back(work(&store, "mail", &events));
  all.push_back(give_up(&first, &events));
  run(loop, when_all(std::move(all)));
  CHECK(events == std::vector<std::string>{"mail", "given up", "web"});
}

SCENARIO("a generation that the store keeps elsewhere is laid on disk before it is in service") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  run(loop, state.publisher.publish("web", {7, {}, files_named("7")}, std::nullopt));
  CHECK(state.live(loop, "web") == 7U);
  CHECK(files::read(state.publisher.path("web") / "fullchain.pem") == "full 7");
}

SCENARIO("a state of a newer version is left alone") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  auto& store = state.store;
  run(loop, store.save_certificate("web", full_certificate()));
  const auto path = folder.path() / "certificates/web/state.json";
  const std::string newer = R"({"version": 2, "issued": {"generation": 7}})";
  files::write_durably(path, newer, 0600);
  try {
    run(loop, store.load_certificate("web"));
    FAIL("it was read");
  } catch (const Refused& error) {
    CHECK(error.cause() == "store:newer");
    CHECK_THAT(error.what(), Catch::Contains("was written by a newer acmed"));
  }
  CHECK(files::read(path) == newer);
}

SCENARIO("a sentence of an older version is cleaned when it is read") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  auto& store = state.store;
  auto certificate = full_certificate();
  certificate.trouble->sentence = "\x1b]0;owned\a\x1b[31mRED\xc2\x9b" + std::string(1 << 20, 'b');
  run(loop, store.save_certificate("web", certificate));
  const auto loaded = run(loop, store.load_certificate("web"));
  CHECK_THAT(loaded.trouble->sentence, Catch::StartsWith("]0;owned [31mRED bbb"));
  CHECK(loaded.trouble->sentence.size() < 8192);
}

SCENARIO("the ledger of CAs survives a restart") {
  const TemporaryFolder folder;
  Loop loop;
  StateDirectory state(folder.path());
  auto& store = state.store;
  CHECK(run(loop, store.load_ledger()).empty());
  const Pause pause{Time(std::chrono::hours(10)), Time(std::chrono::hours(11))};
  const LimitUse use{Time(std::chrono::hours(12)), pause, NameSet{{"a.test", "b.test"}, 7}};
  run(loop,
      store.save_ledger({{"https://ca.test/dir", {.pause = pause}}, {"https://other.test", {{}, {{"names x", use}}}}}));
  const auto loaded = run(loop, store.load_ledger());
  REQUIRE(loaded.size() == 2);
  CHECK(loaded.at("https://ca.test/dir").pause.since == pause.since);
  CHECK(loaded.at("https://ca.test/dir").pause.until == pause.until);
  CHECK(loaded.at("https://other.test").pause.until == Time{});
  CHECK(loaded.at("https://other.test").limits.at("names x").full_at == use.full_at);
  CHECK(loaded.at("https://other.test").limits.at("names x").said.until == pause.until);
  REQUIRE(loaded.at("https://other.test").limits.at("names x").names);
  CHECK(loaded.at("https://other.test").limits.at("names x").names->first == use.names->first);
  CHECK(loaded.at("https://other.test").limits.at("names x").names->count == 7);
}

}  // namespace
SCENARIO("what holds keys is closed to others again after a backup was restored without its rights") {
  const TemporaryFolder folder;
  Loop loop;
  {
    StateDirectory state(folder.path());
    run(loop, state.store.save_certificate("web", full_certificate()));
    run(loop, state.store.save_provider("auth", {}));
  }
  log::set_level(log::Level::error);
  const auto open = [&folder](const std::string& name, mode_t mode) {
    REQUIRE(::chmod((folder.path() / name).c_str(), mode) == 0);
  };
  open("accounts", 0755);
  open("providers", 0775);
  open("deployments", 0755);
  open("certificates/web/state.json", 0664);
  const auto copy = folder.path() / "live/old/privkey.pem";
  fs::create_directory(copy.parent_path());
  files::write_durably(copy, "key", 0600);
  open("live/old/privkey.pem", 0644);
  StateDirectory state(folder.path());
  CHECK_FALSE(run(loop, state.store.load_certificates({"web"})).at(0).unreadable);
  THEN("so is a key of a certificate that is configured no more") {
    const auto number = state.add(loop, "old", files_named("1"));
    const auto key = state.generation_path("old", number) / "privkey.pem";
    REQUIRE(::chmod(key.c_str(), 0664) == 0);
    run(loop, state.store.load_certificate("old"));
    CHECK(mode_of(key) == 0660);
  }
  for (const auto* name : {"accounts", "providers", "deployments"}) CHECK(mode_of(folder.path() / name) == 0700);
  CHECK(mode_of(folder.path() / "certificates/web/state.json") == 0600);
  CHECK(mode_of(copy) == 0640);
}

}  // namespace acmed::store
