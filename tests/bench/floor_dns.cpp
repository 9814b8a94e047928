// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/floor_dns.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <sstream>
#include <thread>

#include "tests/bench/floor_ca.h"

namespace floor_bench {

namespace {

using std::chrono::milliseconds;

constexpr unsigned type_soa = 6, type_txt = 16, type_tsig = 250;
constexpr unsigned class_in = 1, class_none = 254, class_any = 255;
constexpr unsigned opcode_update = 5u << 11;
constexpr unsigned fudge = 300;     // seconds, RFC 8945 §10
constexpr int update_limit = 5000;  // milliseconds
constexpr int query_limit = 300;    // milliseconds, then all is asked again
constexpr milliseconds longest_pause{32};
constexpr std::size_t longest_message = 4096;

const std::string key_name = "lab-key", algorithm = "hmac-sha256";

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void put32(std::string& out, unsigned value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

std::string wire_name(const std::string& name) {
  std::string out, label;
  for (std::istringstream labels(name); std::getline(labels, label, '.');) {
    out += static_cast<char>(label.size());
    out += label;
  }
  return out + '\0';
}

std::string header(unsigned id, unsigned flags, unsigned questions, unsigned authorities, unsigned additionals) {
  std::string out;
  for (const unsigned field : {id, flags, questions, 0u, authorities, additionals}) put16(out, field);
  return out;
}

std::string question(const std::string& name, unsigned type) {
  std::string out = wire_name(name);
  put16(out, type);
  put16(out, class_in);
  return out;
}

std::string txt_record(const Txt& record, Change change) {
  std::string out = wire_name(record.name);
  put16(out, type_txt);
  put16(out, change == Change::add ? class_in : class_none);  // RFC 2136 §2.5.1, §2.5.4
  put32(out, change == Change::add ? 60 : 0);
  put16(out, static_cast<unsigned>(record.value.size() + 1));
  out += static_cast<char>(record.value.size());
  return out + record.value;
}

std::string secret() {
  const std::string text = lab_variable("LAB_TSIG_SECRET");
  std::string out(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size - std::ranges::count(text, '=')));
  return out;
}

std::string tsig_record(const std::string& message, unsigned id) {
  std::string times;
  const auto now = static_cast<unsigned long>(std::time(nullptr));
  put16(times, static_cast<unsigned>(now >> 32));
  put32(times, static_cast<unsigned>(now));
  put16(times, fudge);

  std::string variables = wire_name(key_name);  // RFC 8945 §4.3.3
  put16(variables, class_any);
  put32(variables, 0);
  variables += wire_name(algorithm) + times;
  put32(variables, 0);  // no error, no other data

  static const std::string key = secret();
  const std::string input = message + variables;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned mac_size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(input.data()),
       input.size(), mac, &mac_size);

  std::string data = wire_name(algorithm) + times;
  put16(data, mac_size);
  data.append(reinterpret_cast<const char*>(mac), mac_size);
  put16(data, id);
  put32(data, 0);

  std::string out = wire_name(key_name);
  put16(out, type_tsig);
  put16(out, class_any);
  put32(out, 0);
  put16(out, static_cast<unsigned>(data.size()));
  return out + data;
}

std::string update_message(unsigned id, const std::string& zone, const std::vector<std::string>& records) {
  std::string body = question(zone, type_soa);
  for (const auto& record : records) body += record;
  const auto count = static_cast<unsigned>(records.size());
  return header(id, opcode_update, 1, count, 1) + body + tsig_record(header(id, opcode_update, 1, count, 0) + body, id);
}

std::string zone_of(const std::string& name) {
  std::istringstream zones(lab_variable("LAB_ZONES"));
  std::string longest;
  for (std::string zone; zones >> zone;) {
    if (name.ends_with("." + zone) && zone.size() > longest.size()) longest = zone;
  }
  return longest.empty() ? (die("no zone of the lab holds " + name), longest) : longest;
}

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void send(const std::string& message, const std::string& address) const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(53);
    inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    sendto(fd_, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  /// Empty when nothing comes within `limit` milliseconds.
  std::string receive(int limit) const {
    pollfd readable{fd_, POLLIN, 0};
    if (poll(&readable, 1, limit) <= 0) return {};
    std::string message(longest_message, '\0');
    const ssize_t size = recv(fd_, message.data(), message.size(), 0);
    message.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return message;
  }

 private:
  int fd_;
};

unsigned octet(const std::string& message, std::size_t at) {
  return static_cast<unsigned char>(message[at]);
}

}  // namespace

int update(Change change, const std::vector<Txt>& records) {
  std::map<std::string, std::vector<std::string>> by_zone;
  for (const auto& record : records) by_zone[zone_of(record.name)].push_back(txt_record(record, change));
  const Socket socket;
  unsigned id = 1;
  for (const auto& [zone, changes] : by_zone)
    socket.send(update_message(id++, zone, changes), lab_variable("LAB_PRIMARY"));
  for (std::size_t answers = 0; answers < by_zone.size(); answers++) {
    const std::string answer = socket.receive(update_limit);
    if (answer.size() < 4) die("the primary does not answer an update");
    if (const unsigned rcode = octet(answer, 3) & 15) die("update refused with rcode " + std::to_string(rcode));
  }
  return static_cast<int>(by_zone.size());
}

int await_everywhere(const std::vector<Txt>& records) {
  struct Question {
    std::string server, name;
    std::vector<std::string> values;
    bool done = false;
  };
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& record : records) values[record.name].push_back(record.value);
  std::vector<Question> questions;
  std::istringstream servers(lab_variable("LAB_PRIMARY") + " " + lab_variable("LAB_SECONDARIES"));
  for (std::string server; servers >> server;) {
    for (const auto& [name, wanted] : values) questions.push_back({server, name, wanted, false});
  }

  const Socket socket;
  int queries = 0;
  for (milliseconds pause{2};; pause = std::min(2 * pause, longest_pause)) {
    std::size_t outstanding = 0;
    for (std::size_t i = 0; i < questions.size(); i++) {
      if (questions[i].done) continue;
      socket.send(header(static_cast<unsigned>(i), 0, 1, 0, 0) + question(questions[i].name, type_txt),
                  questions[i].server);
      outstanding++;
      queries++;
    }
    if (outstanding == 0) return queries;
    for (; outstanding > 0; outstanding--) {
      const std::string answer = socket.receive(query_limit);
      if (answer.size() < 4) break;
      Question& asked = questions.at(octet(answer, 0) << 8 | octet(answer, 1));
      asked.done = std::ranges::all_of(
          asked.values, [&answer](const auto& value) { return answer.find(value) != std::string::npos; });
    }
    if (std::ranges::any_of(questions, [](const auto& asked) { return !asked.done; }))
      std::this_thread::sleep_for(pause);
  }
}

}  // namespace floor_bench
