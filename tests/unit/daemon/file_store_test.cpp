// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/file_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "base/files.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/temporary_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

GenerationFiles files_named(const std::string& text) {
  return {Secret("key " + text), "cert " + text, "chain " + text, "full " + text, json::Object{{"serial", text}}};
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

Certificate full_certificate() {
  Certificate certificate;
  certificate.order = OpenOrder{"https://ca.test/dir",
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
                              Time(std::chrono::hours(2))};
  certificate.trouble =
      Trouble{2, "dns:timeout", "no answer", Time{}, Time(std::chrono::hours(5)), Time(std::chrono::hours(6))};
  certificate.deployments["nginx"] = Deployment{3, 2, "print", Trouble{1, "deploy:test", "failed", Time{}, Time{}, {}}};
  return certificate;
}

SCENARIO("what is remembered of a certificate is there after a restart") {
  const TemporaryFolder folder;
  Loop loop;
  {
    FileStore store(folder.path());
    run(loop, store.save_certificate("web", full_certificate()));
  }
  FileStore store(folder.path());
  const auto loaded = run(loop, store.load_certificate("web"));
  CHECK(json::dump(to_json(loaded)) == json::dump(to_json(full_certificate())));
  CHECK(loaded.values == full_certificate().values);
  CHECK(run(loop, store.certificate_names()) == std::vector<std::string>{"web"});
  CHECK(mode_of(folder.path() / "certificates/web/state.json") == 0600);
}

SCENARIO("an order that an older version kept is read, though it lacks what was not kept then") {
  auto state = *to_json(full_certificate()).as_object();
  auto old = *state.at("order").as_object();
  for (const auto* member : {"expires", "failures", "fruitless"}) REQUIRE(old.erase(member) == 1);
  state.insert_or_assign("order", old);
  const auto order = certificate_from_json(state).value().order.value();
  CHECK(order.url == "https://ca.test/order/1");
  CHECK(!order.expires);
  CHECK(order.failures == 0);
  CHECK(order.fruitless == 0);
}

SCENARIO("what a provider keeps is there after a restart, for acmed alone") {
  const TemporaryFolder folder;
  Loop loop;
  const json::Object kept{{"accounts", json::Array{json::Object{{"password", "secret"}}}}};
  {
    FileStore store(folder.path());
    CHECK(run(loop, store.load_provider("acme")).empty());
    run(loop, store.save_provider("acme", kept));
  }
  FileStore store(folder.path());
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

SCENARIO("an account's key is never replaced") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  Account account;
  account.directory_url = "https://ca.test:14000/dir";
  account.key_pem = Secret("first");
  run(loop, store.save_account(account));
  CHECK(run(loop, store.load_account(account.directory_url))->url.empty());
  account.url = "https://ca.test/account/1";
  account.key_pem = Secret("second");
  run(loop, store.save_account(account));
  const auto loaded = run(loop, store.load_account(account.directory_url));
  REQUIRE(loaded);
  CHECK(loaded->key_pem.reveal() == "first");
  CHECK(loaded->url == account.url);
  CHECK(!run(loop, store.load_account("https://other.test/dir")));
}

SCENARIO("a new generation goes live as a pair, and old ones that nobody needs are removed") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  for (unsigned wanted = 1; wanted <= 5; ++wanted) {
    const auto number = run(loop, store.add_generation("web", files_named(std::to_string(wanted))));
    CHECK(number == wanted);
    run(loop, store.make_live("web", number));
    const auto live = store.live_path("web");
    CHECK(files::read(live / "privkey.pem") == "key " + std::to_string(wanted));
    CHECK(files::read(live / "fullchain.pem") == "full " + std::to_string(wanted));
  }
  CHECK(run(loop, store.live_generation("web")) == 5U);
  run(loop, store.remove_old_generations("web", {1, 5}));
  CHECK(fs::exists(store.generation_path("web", 1)));
  CHECK(!fs::exists(store.generation_path("web", 2)));
  CHECK(fs::exists(store.generation_path("web", 3)));
  CHECK(fs::read_symlink(store.live_path("web")) == "../certificates/web/0005");
}

SCENARIO("the link can be put back to the generation before without losing the newer one") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  run(loop, store.make_live("web", run(loop, store.add_generation("web", files_named("1")))));
  run(loop, store.make_live("web", run(loop, store.add_generation("web", files_named("2")))));
  run(loop, store.make_live("web", 1));
  CHECK(run(loop, store.live_generation("web")) == 1U);
  CHECK(fs::exists(store.generation_path("web", 2)));
}

SCENARIO("a generation that is not there is never put in service") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  run(loop, store.make_live("web", run(loop, store.add_generation("web", files_named("1")))));
  CHECK_THROWS_AS(run(loop, store.make_live("web", 7)), Error);
  CHECK(run(loop, store.live_generation("web")) == 1U);
}

SCENARIO("nobody but root and the group of the keys can read a private key") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  const auto number = run(loop, store.add_generation("web", files_named("1")));
  CHECK((mode_of(store.generation_path("web", number) / "privkey.pem") & 0007) == 0);
  CHECK(mode_of(folder.path() / "accounts") == 0700);
}

SCENARIO("a generation that a crash left half written is no generation") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  fs::create_directories(folder.path() / "certificates/web/.0001.new");
  std::ofstream(folder.path() / "certificates/web/.0001.new/privkey.pem") << "half";
  const auto number = run(loop, store.add_generation("web", files_named("1")));
  CHECK(number == 1);
  CHECK(files::read(store.generation_path("web", 1) / "privkey.pem") == "key 1");
}

SCENARIO("a state that cannot be read is kept aside and the work goes on") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  const auto state = folder.path() / "certificates/web/state.json";
  fs::create_directories(state.parent_path());
  for (const std::string garbage : {"", "{", "[]", "{\"version\":99}"}) {
    std::ofstream(state) << garbage;
    const auto loaded = run(loop, store.load_certificate("web"));
    CHECK(!loaded.issued);
    CHECK(!fs::exists(state));
  }
  const auto is_aside = [](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with("state.json.corrupt-");
  };
  CHECK(std::count_if(fs::directory_iterator(state.parent_path()), fs::directory_iterator(), is_aside) >= 1);
}

SCENARIO("two daemons never work in one folder") {
  const TemporaryFolder folder;
  const FileStore store(folder.path());
  try {
    const FileStore second(folder.path());
    FAIL("the second one was let in");
  } catch (const Error& error) {
    CHECK(error.cause() == "store:locked");
    CHECK_THAT(error.what(), Catch::Contains("another acmed works in " + folder.path().string()));
  }
}

SCENARIO("the ledger of CAs survives a restart") {
  const TemporaryFolder folder;
  Loop loop;
  FileStore store(folder.path());
  CHECK(run(loop, store.load_ledger()).empty());
  const std::map<std::string, Time> ledger = {{"https://ca.test/dir", Time(std::chrono::hours(10))}};
  run(loop, store.save_ledger(ledger));
  CHECK(run(loop, store.load_ledger()) == ledger);
}

}  // namespace
}  // namespace acmed::store
