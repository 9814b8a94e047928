// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.h"

#include <fmt/format.h>
#include <malloc.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <set>

#include "base/log.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/secret_list.h"
#include "daemon/host_check.h"
#include "daemon/plan.h"

namespace acmed {
namespace {

constexpr std::size_t longest_warning = std::size_t{16} * 1024;

void tell_manager(const std::string& state) {
  sd_notify(0, state.c_str());
}

/// Type=notify-reload requires the time at which the reload began; older managers ignore it.
std::string reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1'000);
}

/// Logs why included files were left out; returns the beginning of the status line that says so.
std::string tell_left_out(const config::Config& config) {
  std::set<std::string> files;
  for (const auto& fault : config.left_out) {
    log::error(fmt::format("{} (this file is left out until a reload finds it right)",
                           fit_to_show(fault.text(), longest_warning)));
    files.insert(fault.file);
  }
  if (files.empty()) return {};
  return fmt::format("left out, being wrong: {}; ",
                     fit_to_show(fmt::format("{}", fmt::join(files, ", ")), longest_warning));
}

/// The service that the API asks, and that is told of, is no longer there.
class Ends {
 public:
  Ends(Service*& present, notify::Notifier& notifier) : present_(present), notifier_(notifier) {}
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    present_ = nullptr;
    notifier_.forget_watched();
  }

 private:
  Service*& present_;
  notify::Notifier& notifier_;
};

Task<std::vector<std::string>> moved(const config::Config* config) {
  co_return co_await offload([config] { return moved_folders(*config); });
}

}  // namespace

Daemon::Daemon(Loop& loop, store::Store& store, store::Publisher& publisher, deploy::Actions& actions,
               std::filesystem::path config_file)
    : loop_(loop),
      store_(store),
      publisher_(publisher),
      actions_(actions),
      config_file_(std::move(config_file)),
      control_(loop, *this),
      notifier_(loop, store),
      observers_({&control_.observer(), &notifier_}) {}

Task<> Daemon::run(config::Config config) {
  check_event(sd_event_set_watchdog(loop_.event(), 1), "sd_event_set_watchdog");
  std::vector<Task<>> beside;
  beside.push_back(control_.run());
  beside.push_back(notifier_.run());
  co_await accompanied(keep(std::move(config)), when_all(std::move(beside)));
}

Task<> Daemon::keep(config::Config config) {
  state_directory_ = config.state_directory;
  std::optional<config::Config> next = std::move(config);
  bool is_first = true;
  while (next) {
    const auto warnings = co_await moved(&*next);
    for (const auto& warning : warnings) log::warning(fit_to_show(warning, longest_warning));
    const auto left_out = tell_left_out(*next);
    tell_of(*next);
    auto to_notify = std::move(next->notify);
    Service service(loop_, store_, publisher_, actions_, *std::exchange(next, std::nullopt), servers_, observers_);
    service.on_change = [&service, left_out] { tell_manager("STATUS=" + left_out + service.status()); };
    log::notice(fmt::format("acmed {} keeps {} certificate(s)", ACMED_VERSION, service.certificate_count()));
    if (service.certificate_count() == 0) log::warning(nothing_configured(config_file_));
    present_ = &service;
    const Ends no_longer(present_, notifier_);
    control_.use(told_);
    notifier_.use(std::move(to_notify), &service);
    tell_manager("READY=1\nSTATUS=" + left_out + service.status());
    next = co_await live_with(&service, std::exchange(is_first, false));
  }
}

Task<std::optional<config::Config>> Daemon::live_with(Service* service, bool is_first) {
  const auto here = co_await context();
  const auto tell_end = []() noexcept { tell_manager("STOPPING=1\nSTATUS=finishing what is in hand"); };
  const std::stop_callback on_stop(here.stop, tell_end);
  std::optional<config::Config> next;
  Scope scope(here);
  scope.spawn(service->run(is_first));
  scope.spawn(await_configuration(service, &scope, &next));
  // Work in progress is cancelled and resumed from disk, with the new configuration or after the next start.
  bool stopped = false;
  try {
    co_await scope.join();
  } catch (const Cancelled&) {
    stopped = !next || here.stop.stop_requested();
  }
  present_ = nullptr;
  notifier_.forget_watched();
  co_await service->close().under(std::stop_token());
  if (stopped) throw Cancelled();
  co_return next;
}

Task<> Daemon::await_configuration(Service* service, Scope* scope, std::optional<config::Config>* next) {
  while (!*next) {
    while (!reload_wanted_) co_await reload_.turn();
    reload_wanted_ = false;
    tell_manager(reloading());
    const auto reading = std::exchange(reading_, std::make_shared<Reading>());
    *next = co_await read_configuration(&reading->faults);
    reading->done.set();
    if (!*next)
      tell_manager("READY=1\nSTATUS=the new configuration is wrong, the old one stays (see the log); " +
                   service->status());
  }
  // A hook comes to its end: half of it may have done more harm than none.
  if (service->is_deploying()) log::notice("the new configuration is taken once what is being deployed has ended");
  co_await service->finish_deployments();
  scope->stop();
}

Task<std::vector<config::Fault>> Daemon::reload() {
  const auto reading = reading_;
  request_reload();
  co_await reading->done.wait();
  co_return reading->faults;
}

/// The certificates are the service's to tell.
void Daemon::tell_of(const config::Config& config) {
  told_.file = config.file;
  told_.left_out = config.left_out;
  told_.state_directory = config.state_directory;
  told_.control_socket = config.control_socket;
  told_.http_listen = config.http_listen;
  told_.http_hosts = config.http_hosts;
}

Task<std::optional<config::Config>> Daemon::read_configuration(std::vector<config::Fault>* faults) {
  std::string kept = "the new configuration is wrong: the old one stays in force";
  try {
    auto config = co_await offload([file = config_file_] {
      auto read = config::load(file);
      malloc_trim(0);  // reading took far more memory than is kept, and this thread's share is not used again
      return read;
    });
    if (config.state_directory == state_directory_) co_return config;
    kept = "state_directory cannot change while acmed runs: restart it. The old configuration stays in force";
  } catch (const config::Faults& found) {
    for (const auto& fault : found.list()) log::error(fault.text());
    *faults = found.list();
  } catch (const std::exception& error) {
    log::error(error.what());
    faults->push_back({config_file_.string(), 0, 0, error.what()});
  }
  log::error(kept);
  if (faults->empty()) faults->push_back({config_file_.string(), 0, 0, kept});
  co_return std::nullopt;
}

}  // namespace acmed
