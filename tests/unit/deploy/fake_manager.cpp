// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/deploy/fake_manager.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <stdexcept>
#include <string_view>

namespace acmed::test {
namespace {

constexpr const char* job = "/org/freedesktop/systemd1/job/7";

void must(int result) {
  if (result < 0) throw std::runtime_error(strerror(-result));
}

/// Who asked may be gone meanwhile.
void must_be_sent(int result) {
  if (result != -ECONNRESET && result != -ENOTCONN && result != -EPIPE) must(result);
}

}  // namespace

FakeManager::FakeManager(Loop& loop, const std::filesystem::path& socket)
    : loop_(loop), path_(socket), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.string().size() >= sizeof address.sun_path) throw std::runtime_error("the path is too long");
  std::strcpy(address.sun_path, socket.c_str());
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 10) != 0) {
    throw std::runtime_error(strerror(errno));
  }
  sd_event_source* source = nullptr;
  must(sd_event_add_io(loop.event(), &source, listener_.get(), EPOLLIN, on_connection, this));
  source_.reset(source);
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket.string()).c_str(), 1);
}

FakeManager::~FakeManager() {
  ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  for (auto* bus : connections_) {
    sd_bus_detach_event(bus);
    sd_bus_close_unref(bus);
  }
}

int FakeManager::on_connection(sd_event_source*, int socket, std::uint32_t, void* self_pointer) noexcept {
  auto& self = *static_cast<FakeManager*>(self_pointer);
  const int fd = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return 0;
  sd_bus* bus = nullptr;
  sd_id128_t id{};
  must(sd_bus_new(&bus));
  must(sd_id128_randomize(&id));
  must(sd_bus_set_fd(bus, fd, fd));
  must(sd_bus_set_server(bus, 1, id));
  must(sd_bus_start(bus));
  must(sd_bus_attach_event(bus, self.loop_.event(), SD_EVENT_PRIORITY_NORMAL));
  must(sd_bus_add_filter(bus, nullptr, on_message, &self));
  self.connections_.push_back(bus);
  return 0;
}

int FakeManager::on_message(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  return static_cast<FakeManager*>(self)->answer(message);
}

int FakeManager::tell_end(sd_bus* bus, const char* unit) {
  if (result.empty()) return 1;
  sd_bus_message* signal = nullptr;
  must(sd_bus_message_new_signal(bus, &signal, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                 "JobRemoved"));
  must(sd_bus_message_set_sender(signal, ":1.1"));
  must(sd_bus_message_append(signal, "uoss", 7U, job, unit, result.c_str()));
  must_be_sent(sd_bus_send(bus, signal, nullptr));
  sd_bus_message_unref(signal);
  return 1;
}

int FakeManager::answer(sd_bus_message* message) {
  std::uint8_t type = 0;
  must(sd_bus_message_get_type(message, &type));
  if (type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
  auto* bus = sd_bus_message_get_bus(message);
  const std::string_view member = sd_bus_message_get_member(message);
  if (member == "Hello") return sd_bus_reply_method_return(message, "s", ":1.2");
  if (member == "AddMatch" || member == "RemoveMatch" || member == "Subscribe") {
    return sd_bus_reply_method_return(message, "");
  }
  const char* unit = nullptr;
  const char* mode = nullptr;
  must(sd_bus_message_read(message, "ss", &unit, &mode));
  calls.push_back(std::string(member) + " " + unit + " " + mode);
  if (hangs_up) {
    sd_bus_close(bus);
    return 1;
  }
  if (!error.empty()) return sd_bus_reply_method_errorf(message, error.c_str(), "it is so");
  if (perform) result = perform(std::string(member), unit);
  if (tells_end_first) tell_end(bus, unit);
  must_be_sent(sd_bus_reply_method_return(message, "o", job));
  return tells_end_first ? 1 : tell_end(bus, unit);
}

}  // namespace acmed::test
