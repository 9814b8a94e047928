// SPDX-License-Identifier: Apache-2.0
// acmed-deploy: does as root what the daemon, which has no rights, asks for. The service manager starts one for each
// connection, which is its standard input (acmed-deploy.socket), and one before the daemon (acmed.service), for the
// folders by which keys reach their groups.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "base/files.h"
#include "base/host_accounts.h"
#include "base/log.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/trusted_path.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/deploy_helper/connection.h"
#include "daemon/deploy_helper/contents.h"
#include "daemon/deploy_helper/group_folders.h"
#include "daemon/deploy_helper/performer.h"
#include "daemon/signals.h"

namespace acmed::deploy_helper {
namespace {

using namespace std::chrono_literals;

constexpr mode_t private_folder_mode = 0700;
constexpr Duration longest_wait_for_request = 10s;
constexpr Duration longest_wait_for_others = 20s;
constexpr auto pause_for_others = 50ms;

struct Options {
  std::filesystem::path config = "/etc/acmed/acmed.toml";
  std::filesystem::path state = "/var/lib/acmed-deploy";
  std::string user = "acmed";
  bool group_folders = false;
};

void refuse_strangers(const Fd& connection, const std::string& user) {
  const auto peer = peer_of(connection);
  if (peer == 0) return;
  const auto allowed = find_user(user);
  if (allowed.id && *allowed.id == peer) return;
  throw Refused("helper:peer", fmt::format("the user {} may not ask acmed-deploy for anything", name_of_user(peer)));
}

/// Journals of deployments under way; whoever could write them could have names removed.
void open_state(const std::filesystem::path& folder) {
  files::make_folder(folder, private_folder_mode);
  const auto way = files::walk(folder, files::Links::followed);
  const auto fault = way ? files::fault_of(*way, files::Trusted::of_process()) : folder.string() + " is gone";
  if (!fault.empty()) throw Refused("helper:state", fault);
}

/// One at a time works with the targets: two of them may have one directory.
Fd wait_for_others(const std::filesystem::path& state) {
  const auto end = std::chrono::steady_clock::now() + longest_wait_for_others;
  for (;;) {
    if (auto lock = files::lock(state / "lock")) return *std::move(lock);
    if (std::chrono::steady_clock::now() > end) {
      throw Retry("helper:busy", "acmed-deploy is busy with other deployments");
    }
    std::this_thread::sleep_for(pause_for_others);
  }
}

bool changes_files(Operation operation) {
  return operation == Operation::install || operation == Operation::keep || operation == Operation::put_back;
}

Task<> answer_into(Answer* answer, Task<Answer> task) {
  *answer = co_await std::move(task);
}

/// Ends what is being done when the daemon has gone, or was told to stop.
Task<> wait_for_end(Lines* lines) {
  co_await lines->next();
  throw Cancelled();
}

Task<Answer> carry_out(Options options, Fd* connection) {
  refuse_strangers(*connection, options.user);
  Lines lines(connection->get(), longest_request);
  auto received = co_await within(longest_wait_for_request, lines.next());
  if (!received || lines.is_closed()) throw Refused("helper:request", "no request has come");
  const auto request = parse_request(received->line);
  auto* sealed = &received->descriptor;
  const auto subjects = co_await offload([&options, &request, sealed] {
    const auto contents =
        needs_contents(request.operation) ? read_sealed(*sealed) : std::vector<store::GenerationFiles>();
    open_state(options.state);
    return find_subjects(options.config, request, contents);
  });
  co_await send_line(connection->get(), progress_line(), -1);
  Fd lock;
  if (changes_files(request.operation)) {
    lock = co_await offload([&options] {
      auto held = wait_for_others(options.state);
      take_back_former(options.config, options.state);
      return held;
    });
  }
  deploy::LocalActions actions(options.state);
  Answer answer;
  co_await accompanied(answer_into(&answer, perform(actions, request, subjects)), wait_for_end(&lines));
  co_return answer;
}

Task<> serve(Options options, Fd* connection) {
  Answer answer;
  try {
    answer = co_await carry_out(std::move(options), connection);
  } catch (const config::Faults& faults) {
    answer.failure = Refused("helper:configuration", faults.what());
  } catch (const Error& error) {
    answer.failure = error;
  }
  if (answer.failure) log::warning(fmt::format("not done: {}", answer.failure->what()));
  co_await send_line(connection->get(), to_line(answer), -1);
}

void prepare_process() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  ::umask(077);
  if (::chdir("/") != 0) log::warning("cannot leave the working directory");
}

int start(const Options& options) {
  prepare_process();
  if (options.group_folders) {
    make_group_folders(options.config);
    return EXIT_SUCCESS;
  }
  Signals::block({SIGTERM, SIGINT, SIGPIPE});
  Fd connection(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!connection || !nothing || ::dup2(nothing.get(), STDIN_FILENO) < 0) {
    log::error("standard input is not the connection to acmed");
    return EXIT_FAILURE;
  }
  Loop loop;
  Signals signals(loop);
  std::stop_source stop;
  for (const int signal : {SIGTERM, SIGINT}) {
    signals.on(signal, [&stop] { stop.request_stop(); });
  }
  run(loop, serve(options, &connection), stop.get_token());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace acmed::deploy_helper

int main(int argc, char** argv) {
  using namespace acmed;
  deploy_helper::Options options;
  CLI::App app("Deploys certificates as root for acmed, which asks at its standard input.", "acmed-deploy");
  app.set_version_flag("--version", ACMED_VERSION);
  app.add_option("--config", options.config, "the configuration of acmed")->capture_default_str();
  app.add_option("--state", options.state, "the folder for journals, of root's alone")->capture_default_str();
  app.add_option("--user", options.user, "the user that may ask, besides root")->capture_default_str();
  app.add_flag("--group-folders", options.group_folders,
               "only make the folders by which keys reach their groups, in acmed's state directory");
  CLI11_PARSE(app, argc, argv);
  try {
    return deploy_helper::start(options);
  } catch (const Cancelled&) {
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    log::error(error.what());
    return EXIT_FAILURE;
  }
}
