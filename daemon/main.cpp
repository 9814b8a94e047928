// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <set>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/runtime/child.h"
#include "base/runtime/scope.h"
#include "base/secret_list.h"
#include "config/config.h"
#include "config/load.h"
#include "config/suggest.h"
#include "daemon/acmectl/attempt.h"
#include "daemon/acmectl/usage.h"
#include "daemon/daemon.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/deploy_helper/client.h"
#include "daemon/dns_check.h"
#include "daemon/doctor/doctor.h"
#include "daemon/host_check.h"
#include "daemon/known_account.h"
#include "daemon/plan.h"
#include "daemon/readiness.h"
#include "daemon/service.h"
#include "daemon/signals.h"
#include "daemon/state_owner.h"
#include "daemon/store/file_store.h"
#include "daemon/store/local_publisher.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

namespace acmed {
namespace {

constexpr std::size_t longest_line = std::size_t{16} * 1024;
constexpr std::size_t most_names_in_a_sentence = 20;
constexpr std::chrono::milliseconds between_looks{300};
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr int exit_configuration = 78;  // EX_CONFIG of sysexits.h: the unit is then not restarted

struct Options {
  std::filesystem::path config = "/etc/acmed/acmed.toml";
  bool check = false;
  bool dns = false;        ///< with check: look at the DNS
  bool touch_dns = false;  ///< with dns: have a test value added and removed
  bool quiet = false;      ///< with check: only what is wrong, or might be
  bool once = false;
  bool force = false;  ///< with once: no pause that a CA asked for is heeded
  bool wait = false;
  std::vector<std::string> names;  ///< of the certificates that --once, --wait or --check --dns is about; none for all
  bool verbose = false;
};

/// On standard error. Where that is full or closed, the exit status is all that is left to tell.
template <class... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  const auto text = fmt::format(format, std::forward<Arguments>(arguments)...);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

/// Private keys are in our memory: they must not reach the disk in a core dump, nor another process of our user.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
#if !__has_feature(address_sanitizer)  // whose leak checker inspects the process from outside
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

/// What the unit gives us to open port 53 is ours: plug-ins and hooks do not get it.
void keep_capabilities() {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/// Each query to a name server has a socket of its own.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
  setrlimit(RLIMIT_NOFILE, &files);
}

/// A sentence about a name that no certificate has; empty when all are known.
std::string unknown_name(const config::Config& config, const std::vector<std::string>& wanted) {
  std::vector<std::string> known;
  for (const auto& certificate : config.certificates) known.push_back(certificate.name);
  for (const auto& name : wanted) {
    if (std::ranges::find(known, name) != known.end()) continue;
    if (const auto fault = config::why_left_out(config, name)) {
      return fmt::format("the certificate \"{}\" is in a file that is left out: {}", name, fault->text());
    }
    auto hint = config::did_you_mean(name, known);
    if (hint.empty() && known.size() <= most_names_in_a_sentence) hint = "; there is " + config::listed(known, "and");
    // One that is no TOML does not even tell which certificates are in it.
    if (!config.left_out.empty()) hint += "; a file is left out: " + config.left_out.front().text();
    return fmt::format("no certificate is named \"{}\"{}", fit_to_show(name, longest_line), hint);
  }
  return {};
}

/// Tells what came of --once; returns the exit status.
int tell_outcome(const std::vector<std::string>& troubles, std::size_t certificates,
                 const std::filesystem::path& file) {
  // What an earlier version remembered of a failure may contain foreign text, unfiltered.
  for (const auto& trouble : troubles) tell("failed: {}\n", fit_to_show(trouble, longest_line));
  if (troubles.empty() && certificates == 0) tell("warning: {}\n", nothing_configured(file));
  if (troubles.empty() && certificates > 0) tell("all well: {} certificate(s)\n", certificates);
  return troubles.empty() ? EXIT_SUCCESS : exit_failed;
}

std::vector<std::string> left_out_of(const config::Config& config) {
  std::vector<std::string> sentences;
  for (const auto& fault : config.left_out) sentences.push_back(fault.text() + " (this file is left out)");
  return sentences;
}

/// Nothing when no acmed answers that could do it.
std::optional<int> once_by_running_acmed(const Options& options, const config::Config& config) {
  const auto socket = control::socket_path(config);
  Loop loop;
  acmectl::Api api(loop, socket);
  try {
    auto attempted = run(loop, acmectl::attempt_all(&api, options.names, options.force));
    tell("done by the acmed that runs, asked at {}\n", socket.string());
    auto troubles = left_out_of(config);
    troubles.insert(troubles.end(), attempted.troubles.begin(), attempted.troubles.end());
    return tell_outcome(troubles, attempted.certificates, options.config);
  } catch (const Error& error) {
    if (error.cause() == acmectl::no_daemon) return std::nullopt;
    throw;
  }
}

int run_once(Loop& loop, store::Store& store, store::Publisher& publisher, deploy::Actions& actions,
             config::Config config, const Options& options, const std::stop_token& stop) {
  providers::NameServers servers;
  const auto& names = options.names;
  const auto left_out = left_out_of(config);
  notify::Notifier notifier(loop, store);
  auto to_notify = std::move(config.notify);
  Service service(loop, store, publisher, actions, std::move(config), servers, notifier);
  notifier.use(std::move(to_notify), &service);
  std::vector<std::string> troubles;
  try {
    troubles = run(loop, service.run_once({names.begin(), names.end()}, options.force), stop);
    run(loop, notifier.tell(), stop);
  } catch (const Cancelled&) {
    troubles.emplace_back("interrupted: what was begun goes on at the next run");
  }
  run(loop, service.close());
  troubles.insert(troubles.begin(), left_out.begin(), left_out.end());
  const auto count = names.empty() ? service.certificate_count() : std::set(names.begin(), names.end()).size();
  return tell_outcome(troubles, count, options.config);
}

/// The faults without those of credentials, which systemd lays for the service itself: what it runs to reload it may
/// not read them. Reading them is left to the service.
std::vector<config::Fault> without_credentials(const config::Faults& faults) {
  auto rest = faults.list();
  std::erase_if(rest, [](const config::Fault& fault) {
    return fault.sentence.substr(0, fault.sentence.find(':')).ends_with(".credential");
  });
  return rest;
}

/// The configuration to be checked; nothing when all that is wrong with it may be right for the service.
std::optional<config::Config> checked(const Options& options) {
  try {
    return config::load(options.config);
  } catch (const config::Faults& faults) {
    if (!options.quiet) throw;
    if (auto rest = without_credentials(faults); !rest.empty()) throw config::Faults(std::move(rest));
    return std::nullopt;
  }
}

int check(const Options& options) {
  become_owner_of(config::state_directory_of(options.config));
  const auto loaded = checked(options);
  if (!loaded) return EXIT_SUCCESS;
  const auto& config = *loaded;
  KnownAccounts accounts;
  for (const auto& [name, ca] : config.cas) {
    if (auto url = known_account_url(config.state_directory, ca); !url.empty()) accounts.emplace(name, std::move(url));
  }
  if (!options.quiet) fmt::print("{}", plan_of(config, accounts));
  std::fflush(stdout);
  auto warnings = host_warnings(config, facts_of_this_host());
  std::ranges::move(moved_folders(config), std::back_inserter(warnings));
  std::ranges::move(too_many_names(config), std::back_inserter(warnings));
  if (config.certificates.empty()) warnings.push_back(nothing_configured(options.config));
  for (const auto& warning : warnings) tell("warning: {}\n", fit_to_show(warning, longest_line));
  return EXIT_SUCCESS;
}

/// What --wait is about. A unit that waits has not the secrets of acmed's own: its configuration may look wrong there.
config::Config awaited(const Options& options) {
  try {
    return config::load(options.config);
  } catch (const config::Faults&) {
    if (options.names.empty()) throw;
  }
  config::Config config;
  config.state_directory = config::state_directory_of(options.config);
  for (const auto& name : options.names) config.certificates.emplace_back().name = name;
  return config;
}

/// Until every file is there, or somebody ends us: no time is too long for a first certificate.
int wait_for_files(const Options& options) {
  const auto config = awaited(options);
  if (const auto fault = unknown_name(config, options.names); !fault.empty()) {
    tell("{}\n", fault);
    return exit_failed;
  }
  std::string told;
  for (auto missing = missing_file(config, options.names); !missing.empty();
       missing = missing_file(config, options.names)) {
    if (missing != told) tell("waiting for {}\n", missing);
    told = std::move(missing);
    std::this_thread::sleep_for(between_looks);
  }
  return EXIT_SUCCESS;
}

/// Exits with 1 when something is wrong.
int check_dns(const config::Config& config, const std::vector<std::string>& names, DnsCheck::Touch touch) {
  Signals::block({SIGTERM, SIGINT, SIGPIPE});
  Loop loop;
  Signals signals(loop);
  std::stop_source stop;
  for (const int signal : {SIGTERM, SIGINT}) {
    signals.on(signal, [&stop] { stop.request_stop(); });
  }
  DnsCheck check(loop, config, dns::dns_port, touch);
  const auto all = run(loop, check.run({names.begin(), names.end()}), stop.get_token());
  run(loop, check.close());
  bool is_well = true;
  for (const auto& findings : all) {
    fmt::print("{}", text_of(findings));
    is_well = is_well && std::ranges::none_of(findings.findings, [](const Finding& finding) {
                return finding.verdict == Finding::Verdict::wrong;
              });
  }
  return is_well ? EXIT_SUCCESS : exit_failed;
}

int start(const Options& options) {
  if (options.wait) return wait_for_files(options);
  if (options.check && !options.dns) return check(options);
  auto config = options.check ? config::load(options.config) : config::load_for_start(options.config);
  if (options.check) become_owner_of(config.state_directory);
  if (const auto fault = unknown_name(config, options.names); !fault.empty()) {
    tell("{}\n", fault);
    return exit_failed;
  }
  if (options.check) {
    return check_dns(config, options.names, options.touch_dns ? DnsCheck::Touch::test_value : DnsCheck::Touch::nothing);
  }
  Signals::block({SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD});
  std::optional<store::StateFolder> opened;
  try {
    opened.emplace(config.state_directory);
  } catch (const Refused& refusal) {
    if (!options.once || (refusal.cause() != "store:locked" && refusal.cause() != "store:owner")) throw;
    if (const auto status = once_by_running_acmed(options, config)) return *status;
    throw;
  }
  const auto& state = *opened;
  store::FileStore store(state);
  store::LocalPublisher publisher(state);
  Loop loop;
  const auto actions = deploy_helper::choose_actions(deploy_helper::usual_socket,
                                                     std::make_unique<deploy::LocalActions>(state.deployments()));
  Signals signals(loop);
  std::stop_source stop;
  for (const int signal : {SIGTERM, SIGINT}) {
    signals.on(signal, [&stop] { stop.request_stop(); });
  }
  if (getpid() == 1) signals.on(SIGCHLD, reap_strangers);  // in a container
  if (options.once) return run_once(loop, store, publisher, *actions, std::move(config), options, stop.get_token());
  Daemon daemon(loop, store, publisher, *actions, options.config);
  daemon.set_doctor([&loop, file = options.config](const std::optional<std::string>& certificate, bool touch_dns) {
    return doctor::examine(&loop, file, {certificate.value_or(""), touch_dns});
  });
  signals.on(SIGHUP, [&daemon] { daemon.request_reload(); });
  run(loop, daemon.run(std::move(config)), stop.get_token());
  return EXIT_SUCCESS;
}

/// Of a word that stands where nothing says what it is for.
std::string fault_of_word(const Options& options) {
  const auto& word = options.names.front();
  const auto shown = fit_to_show(word, longest_line);
  for (const auto* option : {"check", "once", "wait", "help", "version"}) {
    if (word == option) return fmt::format("it is an option: acmed --{}", option);
  }
  if (auto verb = acmectl::own_verb(word); !verb.empty()) return verb;
  if (word.find('/') != std::string::npos || word.ends_with(".toml")) {
    return fmt::format("the configuration is named by an option: acmed --config {}", shown);
  }
  return options.check
             ? fmt::format("the whole configuration is checked; --check --dns {} looks at one certificate", shown)
             : fmt::format("what is to be done for {0}? --once {0}, --wait {0} or --check --dns {0}", shown);
}

}  // namespace
}  // namespace acmed

int main(int argc, char** argv) {
  using namespace acmed;
  // What is freed is joined at once: glibc would join what 100,000 certificates leave in one go, which takes 70 ms.
  ::mallopt(M_MXFAST, 0);
  Options options;
  CLI::App app("Keeps wildcard and multi-name TLS certificates valid by ACME DNS-01.", "acmed");
  app.set_version_flag("--version", ACMED_VERSION);
  app.add_option("--config", options.config, "the configuration")->capture_default_str();
  auto* check = app.add_flag("--check", options.check,
                             "check the configuration, print the plan, and exit (0, or 78 when it is wrong)");
  auto* once = app.add_flag("--once", options.once, "do all that is due, then exit (0 all well, 1 something failed)")
                   ->excludes(check);
  app.add_flag("--force", options.force, "with --once: also while a CA asked to be left alone")->needs(once);
  app.add_flag("--wait", options.wait,
               "wait until the files of the certificates are there, for services that cannot start without")
      ->excludes(check)
      ->excludes(once);
  auto* dns =
      app.add_flag("--dns", options.dns,
                   "with --check: look at the DNS for each name, changing nothing (exit 1 when something is wrong)")
          ->needs(check);
  app.add_flag("--touch-dns", options.touch_dns,
               "with --check --dns: also have a test value added at each challenge name and removed again")
      ->needs(dns);
  app.add_flag("--quiet", options.quiet, "with --check: print no plan, only what is wrong or might be")->needs(check);
  app.add_option("NAME", options.names, "with --once, --wait or --check --dns: only the certificates of these names");
  app.add_flag("--verbose", options.verbose, "tell each step");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    tell("{}\nacmed --help tells the options\n", acmectl::usage_fault(app, error));
    return exit_usage;
  }
  if (!options.names.empty() && !options.once && !options.wait && !options.dns) {
    tell("{}\nacmed --help tells the options\n", fault_of_word(options));
    return exit_usage;
  }

  forbid_core_dumps();
  keep_capabilities();
  allow_many_files();
  if (options.verbose) log::set_level(log::Level::debug);
  try {
    return start(options);
  } catch (const config::Faults& faults) {
    tell("{}\n", acmectl::with_rights(faults.what(), "run it as acmed's user: sudo -u acmed acmed ..."));
    return exit_configuration;
  } catch (const Cancelled&) {
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    log::error(error.what());
    return exit_failed;
  }
}
