// SPDX-License-Identifier: Apache-2.0
// The protocol's floor: the shortest way through RFC 8555 and RFC 2136 that we can think of, as the measure for acmed.
// It asks nothing that the lab's variables tell it, keeps nothing and recovers from nothing.
//
//   bench_floor register ACCOUNT              make an account, keep it in the file ACCOUNT
//   bench_floor one ACCOUNT LANES NAME...     one certificate for all names, over so many connections
//   bench_floor each ACCOUNT LANES NAME...    one certificate for each name, all at once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/floor_ca.h"
#include "tests/bench/floor_dns.h"

namespace {

using namespace floor_bench;
using std::chrono::milliseconds;

constexpr milliseconds longest_pause{64};  // between two polls of an order

struct Order {
  std::vector<std::string> names;
  std::string url, finalize, certificate;
};

struct Proof {
  std::string authorization, challenge;
  Txt record;
};

/// Connections of one account, each in a thread of its own.
class Lanes {
 public:
  Lanes(const Account& account, int count) {
    for (int i = 0; i < count; i++) lanes_.emplace_back(account);
  }

  Lane& first() { return lanes_.front(); }

  /// Calls `act(lane, item)` for every item, spread over the lanes as they come free.
  template <class Item>
  void for_each(std::vector<Item>& items, const std::function<void(Lane&, Item&)>& act) {
    std::atomic<std::size_t> next{0};
    const auto work = [&](Lane& lane) {
      for (std::size_t i; (i = next++) < items.size();) act(lane, items[i]);
    };
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(lanes_.size(), items.size()); i++)
      threads.emplace_back(work, std::ref(lanes_[i]));
    work(lanes_.front());
  }

  void fetch_nonces(const std::string& url) {
    std::vector<std::jthread> threads;
    for (Lane& lane : lanes_) threads.emplace_back([&lane, &url] { lane.head(url); });
  }

 private:
  std::deque<Lane> lanes_;  // a lane does not move: curl knows its address
};

std::string text(const rapidjson::Value& object, const char* member) {
  return object.HasMember(member) && object[member].IsString() ? object[member].GetString() : "";
}

void poll_until(Lane& lane, Order& order, const std::string& status) {
  for (milliseconds pause{1};; pause = std::min(2 * pause, longest_pause)) {
    lane.post(order.url, "");
    const auto answer = lane.json();
    order.certificate = text(answer, "certificate");
    if (text(answer, "status") == status) return;
    if (text(answer, "status") == "invalid") die("an order failed: " + lane.body());
    std::this_thread::sleep_for(pause);
  }
}

std::vector<Proof> place_orders(Lanes& lanes, std::vector<Order>& orders, const std::string& new_order) {
  std::vector<std::vector<std::string>> authorizations(orders.size());
  lanes.for_each<Order>(orders, [&](Lane& lane, Order& order) {
    std::string identifiers;
    for (const auto& name : order.names) {
      identifiers += (identifiers.empty() ? "" : ",") + (R"({"type":"dns","value":")" + name + R"("})");
    }
    lane.post(new_order, R"({"identifiers":[)" + identifiers + "]}");
    order.url = lane.location();
    const auto answer = lane.json();
    order.finalize = text(answer, "finalize");
    for (const auto& url : answer["authorizations"].GetArray()) {
      authorizations[static_cast<std::size_t>(&order - orders.data())].push_back(url.GetString());
    }
  });
  std::vector<Proof> proofs;
  for (const auto& urls : authorizations) {
    for (const auto& url : urls) proofs.push_back({url, "", {}});
  }
  return proofs;
}

/// Leaves the challenge empty for an authorization that is valid already: pebble uses one in a hundred again.
void fetch_challenges(Lanes& lanes, std::vector<Proof>& proofs, const Account& account) {
  lanes.for_each<Proof>(proofs, [&](Lane& lane, Proof& proof) {
    lane.post(proof.authorization, "");
    const auto answer = lane.json();
    if (text(answer, "status") == "valid") return;
    for (const auto& challenge : answer["challenges"].GetArray()) {
      if (text(challenge, "type") != "dns-01") continue;
      proof.challenge = text(challenge, "url");
      proof.record = {"_acme-challenge." + text(answer["identifier"], "value"),
                      account.proof(text(challenge, "token"))};
    }
  });
  std::erase_if(proofs, [](const Proof& proof) { return proof.challenge.empty(); });
}

void issue(const Account& account, int lane_count, std::vector<Order> orders) {
  const auto begin = std::chrono::steady_clock::now();
  Lanes lanes(account, lane_count);
  lanes.first().get(lab_variable("LAB_ACME_DIRECTORY"));
  const auto directory = lanes.first().json();
  lanes.fetch_nonces(text(directory, "newNonce"));

  std::vector<Proof> proofs = place_orders(lanes, orders, text(directory, "newOrder"));
  fetch_challenges(lanes, proofs, account);
  std::vector<Txt> records;
  for (const auto& proof : proofs) records.push_back(proof.record);
  int updates = update(Change::add, records);
  const int queries = await_everywhere(records);
  lanes.for_each<Proof>(proofs, [](Lane& lane, Proof& proof) { lane.post(proof.challenge, "{}"); });
  lanes.for_each<Order>(orders, [](Lane& lane, Order& order) { poll_until(lane, order, "ready"); });
  lanes.for_each<Order>(orders, [](Lane& lane, Order& order) {
    lane.post(order.finalize, R"({"csr":")" + base64url(new_csr(order.names)) + R"("})");
  });
  lanes.for_each<Order>(orders, [](Lane& lane, Order& order) { poll_until(lane, order, "valid"); });
  lanes.for_each<Order>(orders, [](Lane& lane, Order& order) {
    lane.post(order.certificate, "");
    if (lane.body().find("BEGIN CERTIFICATE") == std::string::npos) die("no certificate: " + lane.body());
  });
  updates += update(Change::remove, records);

  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begin;
  std::printf("%.1f ms, %d requests, %d updates, %d dns queries\n", wall.count(), Lane::requests.load(), updates,
              queries);
}

void register_account(const std::string& file) {
  Account account;
  Lane lane(account);
  lane.get(lab_variable("LAB_ACME_DIRECTORY"));
  const auto directory = lane.json();
  lane.head(text(directory, "newNonce"));
  lane.post(text(directory, "newAccount"), R"({"termsOfServiceAgreed":true})");
  account.url = lane.location();
  account.save(file);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  curl_global_init(CURL_GLOBAL_ALL);
  if (words.size() == 2 && words[0] == "register") {
    register_account(words[1]);
    return 0;
  }
  if (words.size() < 4 || (words[0] != "one" && words[0] != "each"))
    die("usage: bench_floor register|one|each ACCOUNT LANES NAME...");
  const std::vector<std::string> names(words.begin() + 3, words.end());
  std::vector<Order> orders;
  if (words[0] == "one") {
    orders.push_back({names, "", "", ""});
  } else {
    for (const auto& name : names) orders.push_back({{name}, "", "", ""});
  }
  issue(Account(words[1]), std::stoi(words[2]), std::move(orders));
}
