// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <locale.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "base/error.h"
#include "base/log.h"
#include "base/runtime/scope.h"
#include "config/config.h"
#include "daemon/acmectl/completion.h"
#include "daemon/acmectl/import/import.h"
#include "daemon/acmectl/usage.h"
#include "daemon/acmectl/verbs.h"
#include "daemon/signals.h"

namespace acmed::acmectl {
namespace {

constexpr const char* usual_socket = "/run/acmed/control.sock";
constexpr const char* usual_config = "/etc/acmed/acmed.toml";
constexpr const char* completed_names = "names";  // what the completions themselves ask for
constexpr std::size_t usual_columns = 80;
constexpr std::size_t most_columns = 400;

struct Options {
  std::string socket;
  std::filesystem::path config = usual_config;
  bool json = false;
  bool watch = false;
  bool force = false;
  bool no_wait = false;
  bool follow = false;
  bool touch_dns = false;
  std::vector<std::string> names;
  std::string name;
  std::string target;
  std::string reason = "unspecified";
  std::string action;
  std::string ca;
  unsigned generation = 0;
  bool replace = false;
  bool yes = false;
  std::string shell;
  std::filesystem::path output;
  import::Wish wish;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

Style style_of(bool is_terminal) {
  Style style;
  winsize size{};
  if (is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = size.ws_col;
    style.rows = size.ws_row;
  } else {
    const auto told = std::strtoul(environment("COLUMNS").c_str(), nullptr, 10);
    style.columns = told > 0 ? told : usual_columns;
  }
  style.columns = std::min<std::size_t>(std::max<std::size_t>(style.columns, 40), most_columns);
  // https://no-color.org, and terminals that cannot.
  style.colour = is_terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  const char* locale = ::setlocale(LC_CTYPE, "");
  style.unicode =
      locale != nullptr && (std::strstr(locale, "UTF-8") != nullptr || std::strstr(locale, "utf8") != nullptr);
  return style;
}

/// The help, with lines that a terminal would break in the middle of words broken at blanks.
std::string fitted(const std::string& help) {
  constexpr std::size_t description = 30;  // CLI11's column
  const auto columns = style_of(::isatty(STDOUT_FILENO) == 1).columns;
  std::string text;
  for (std::size_t begin = 0; begin < help.size();) {
    const auto end = std::min(help.find('\n', begin), help.size());
    const auto line = help.substr(begin, end - begin);
    begin = end + 1;
    const bool has_columns = line.size() > description && line.starts_with(' ') && line[description - 1] == ' ';
    const auto indent = has_columns ? description : 0;
    text += columns_of(line) > columns ? line.substr(0, indent) + wrapped(line.substr(indent), columns, indent) : line;
    text += '\n';
  }
  return text;
}

std::string socket_of(const Options& options) {
  if (!options.socket.empty()) return options.socket;
  if (auto named = environment("ACMED_SOCKET"); !named.empty()) return named;
  std::error_code error;
  if (!std::filesystem::exists(usual_socket, error)) {
    try {
      const auto config = config::load(options.config);
      if (config.control_socket) return config.control_socket->string();
    } catch (const std::exception&) {
      // It may not be for this user; then the usual one is told to be missing.
    }
  }
  return usual_socket;
}

int exit_status_of(const Error& error) {
  return error.cause() == no_daemon ? exit_no_daemon : exit_failing;
}

/// Runs a verb with what surrounds it. Returns the exit status.
template <class Verb>
int perform(const Options& options, const Verb& verb) {
  Signals::block({SIGTERM, SIGINT, SIGPIPE, SIGWINCH});
  Loop loop;
  Signals signals(loop);
  std::stop_source stop;
  for (const int signal : {SIGTERM, SIGINT}) signals.on(signal, [&stop] { stop.request_stop(); });
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  Session session(loop, socket_of(options));
  session.config_file = options.config;
  session.json = options.json;
  session.terminal = is_terminal;
  session.style = style_of(is_terminal);
  signals.on(SIGWINCH, [&session] {
    session.style = style_of(session.terminal);
    if (session.on_resize) session.on_resize();
  });
  try {
    return run(loop, verb(&session), stop.get_token());
  } catch (const Cancelled&) {
    return exit_well;  // an endless verb ends so
  } catch (const config::Faults& faults) {
    tell(with_rights(faults.what(), "use sudo"));
    return exit_failing;
  } catch (const Error& error) {
    tell(with_rights(error.what(), "use sudo"));
    return exit_status_of(error);
  }
}

/// Whether somebody at the terminal says so.
bool is_confirmed(const std::string& ca) {
  print(
      fmt::format("The account at {} is deactivated for ever, and nothing is ordered there until another one is made.\n"
                  "Type the CA's name to go on: ",
                  ca));
  std::string line;
  return std::getline(std::cin, line) && line == ca;
}

int act_on_account(const Options& options) {
  if (options.action == "list") {
    return perform(options, [&options](Session* session) { return list_accounts(session, options.ca); });
  }
  if (options.ca.empty()) {
    tell(fmt::format("account {} wants the name of a CA; acmectl account list tells them", options.action));
    return exit_usage;
  }
  if (options.action == "deactivate" && !options.yes) {
    if (::isatty(STDIN_FILENO) != 1) {
      tell("a deactivated account cannot be had back: say --yes where nobody can be asked");
      return exit_usage;
    }
    if (!is_confirmed(options.ca)) {
      tell("nothing was done");
      return exit_failing;
    }
  }
  return perform(options, [&options](Session* session) {
    return change_account(session, options.action, options.ca, !options.no_wait);
  });
}

/// The verbs, each with its options; the one that was chosen is performed.
class CommandLine {
 public:
  int parse(int argc, char** argv) {
    app_.set_version_flag("--version", ACMED_VERSION);
    app_.require_subcommand(1);
    app_.add_option("--socket", options_.socket,
                    "the daemon's control socket; else $ACMED_SOCKET, else " + std::string(usual_socket));
    app_.add_option("--config", options_.config, "the configuration, where it is read")->capture_default_str();
    app_.fallthrough();
    add_looks();
    add_work();
    add_rest();
    try {
      app_.parse(words_of(argc, argv));
    } catch (const CLI::CallForHelp&) {
      print(fitted(app_.help()));
      return exit_well;
    } catch (const CLI::CallForVersion& version) {
      return app_.exit(version);
    } catch (const CLI::ParseError& error) {
      tell(usage_fault(app_, error));
      tell("acmectl --help tells the verbs, acmectl VERB --help the options of one");
      return exit_usage;
    }
    return chosen_ ? chosen_() : exit_usage;
  }

 private:
  /// As CLI11 takes them: the last one first. "help VERB" is what others call VERB --help.
  static std::vector<std::string> words_of(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (!words.empty() && words.front() == "help") {
      words.erase(words.begin());
      words.resize(std::min<std::size_t>(words.size(), 1));
      words.emplace_back("--help");
    }
    std::ranges::reverse(words);
    return words;
  }

  /// Instead of CLI11's own check, whose sentence is for programmers.
  static std::function<std::string(const std::string&)> one_of(std::vector<std::string> words) {
    return [words = std::move(words)](const std::string& word) { return not_one_of(word, words); };
  }

  template <class Verb>
  CLI::App* add(const std::string& name, const std::string& what, Verb verb) {
    auto* command = app_.add_subcommand(name, what);
    command->callback([this, verb] { chosen_ = [this, verb] { return perform(options_, verb); }; });
    return command;
  }
  void add_json(CLI::App* command) { command->add_flag("--json", options_.json, "print JSON"); }

  void add_looks() {
    auto* const options = &options_;
    auto* status_ = add("status", "the certificates, the worst first (exit 1 when one fails)",
                        [options](Session* session) { return status(session, options->names, options->watch); });
    status_->add_option("NAME", options_.names, "of certificates; else all");
    status_->add_flag("--watch", options_.watch, "go on, and show what changes");
    add_json(status_);
    auto* show_ =
        add("show", "all about one certificate", [options](Session* session) { return show(session, options->name); });
    show_->add_option("NAME", options_.name, "of the certificate")->required();
    add_json(show_);
    auto* events_ =
        add("events", "what has happened", [options](Session* session) { return events(session, options->follow); });
    events_->add_flag("--follow,-f", options_.follow, "and what happens from now on");
    add_json(events_);
    auto* doctor_ =
        add("doctor", "look at everything that can be known without an order (exit 1 when something is wrong)",
            [options](Session* session) { return examine(session, options->name, options->touch_dns); });
    doctor_->add_option("NAME", options_.name, "of a certificate; else all");
    doctor_->add_flag("--touch-dns", options_.touch_dns, "also have a test value added in the DNS and removed again");
    add_json(doctor_);
    auto* metrics_ = add("metrics", "the metrics as Prometheus reads them, for node_exporter's textfile collector",
                         [options](Session* session) { return metrics(session, options->output); });
    metrics_->add_option("--output", options_.output,
                         "the file to write them to, whole or not at all; else standard output");
    add("config", "the configuration as it is in force, without its secrets",
        [](Session* session) { return show_config(session); });
  }

  void add_work() {
    auto* const options = &options_;
    auto* renew_ = add("renew", "order certificates now, and show the steps", [options](Session* session) {
      return renew(session, options->names, options->force, !options->no_wait);
    });
    renew_->add_option("NAME", options_.names, "of certificates")->required();
    renew_->add_flag("--force", options_.force, "also where a CA asked to wait, or it is not due");
    add_wait(renew_);
    auto* deploy_ = add("deploy", "bring a certificate to its targets again", [options](Session* session) {
      return deploy(session, options->name, options->target, !options->no_wait);
    });
    deploy_->add_option("NAME", options_.name, "of the certificate")->required();
    deploy_->add_option("TARGET", options_.target, "one of its targets; else all");
    add_wait(deploy_);
    auto* revoke_ = add("revoke", "have a certificate revoked by its CA", [options](Session* session) {
      return revoke(session, options->name, options->generation, options->reason, options->replace, !options->no_wait);
    });
    revoke_->add_option("NAME", options_.name, "of the certificate")->required();
    revoke_->add_option("--generation", options_.generation, "which of those that are kept; else the one in service")
        ->check([](const std::string& word) {
          const bool is_number = !word.empty() && word.size() < 10 &&
                                 word.find_first_not_of("0123456789") == std::string::npos && std::stoul(word) > 0;
          return is_number ? std::string() : fmt::format("\"{}\" is no whole number above 0", clean(word));
        });
    revoke_
        ->add_option("--reason", options_.reason,
                     "keyCompromise, superseded, cessationOfOperation, affiliationChanged or unspecified")
        ->capture_default_str();
    revoke_->add_flag("--replace", options_.replace, "put another one in service first");
    add_wait(revoke_);
    auto* account_ = app_.add_subcommand("account", "our accounts at the CAs, and what can be done with one");
    account_->callback([this, options] { chosen_ = [options] { return act_on_account(*options); }; });
    account_->add_option("ACTION", options_.action, "list, roll-key, deactivate or create")
        ->required()
        ->check(one_of({"list", "roll-key", "deactivate", "create"}));
    account_->add_option("CA", options_.ca, "its name in the configuration");
    account_->add_flag("--yes", options_.yes, "deactivate it without asking");
    add_wait(account_);
    add_json(add("reload", "have the daemon read its configuration anew (exit 1 when it is wrong)",
                 [](Session* session) { return reload(session); }));
  }
  void add_wait(CLI::App* command) {
    command->add_flag("--no-wait", options_.no_wait, "print the operation, and do not wait for its end");
    add_json(command);
  }

  void add_rest() {
    auto* const options = &options_;
    auto* import_ = app_.add_subcommand(
        "import", "print the configuration that does what another client does (certbot, lego, acme.sh)");
    import_->add_option("CLIENT", options_.wish.client, "certbot, lego or acme.sh")
        ->required()
        ->check(one_of({"certbot", "lego", "acme.sh"}));
    import_->add_option("PATH", options_.wish.path, "its folder; else where it usually is");
    import_->add_flag("--apply", options_.wish.apply,
                      "also write it to --config, and take accounts, keys and certificates over");
    import_->callback([this, options] {
      chosen_ = [options] {
        options->wish.config = options->config;
        return import::run(options->wish);
      };
    });
    auto* completion_ = app_.add_subcommand("completion", "print the completions for a shell");
    completion_->add_option("SHELL", options_.shell, "bash, zsh or fish")
        ->required()
        ->check([](const std::string& word) {
          return word == completed_names ? "" : not_one_of(word, {"bash", "zsh", "fish"});
        });
    completion_->callback([this, options] {
      chosen_ = [options] {
        if (options->shell == completed_names)
          return perform(*options, [](Session* session) { return list_names(session); });
        print(completion_for(options->shell));
        return exit_well;
      };
    });
  }

  Options options_;
  std::function<int()> chosen_;
  CLI::App app_{"Shows what acmed does, and tells it what to do.", "acmectl"};
};

}  // namespace
}  // namespace acmed::acmectl

int main(int argc, char** argv) {
  using namespace acmed;
  log::set_level(log::Level::error);
  try {
    return acmectl::CommandLine().parse(argc, argv);
  } catch (const std::exception& error) {
    acmectl::tell(error.what());
    return acmectl::exit_failing;
  }
}
