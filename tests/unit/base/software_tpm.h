// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/fd.h"
#include "base/files.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::crypto {

/// A TPM in software (swtpm), which is that of this process (TPM2OPENSSL_TCTI) while it lives. One connection at a
/// time is served.
class SoftwareTpm {
 public:
  /// Whether swtpm, tpm2-tools and OpenSSL's provider are installed.
  static bool can_be() {
    return is_good(
        "swtpm --version && tpm2_getcap --version && [ -e \"$(openssl version -m | cut -d '\"' -f 2)/tpm2.so\" ]");
  }

  SoftwareTpm() {
    start();
    const auto way = "swtpm:path=" + socket();
    ::setenv("TPM2OPENSSL_TCTI", way.c_str(), 1);
    ::setenv("TPM2TOOLS_TCTI", way.c_str(), 1);
    // What the TPM's library writes to the terminal.
    ::setenv("TSS2_LOG", "all+none", 1);
    // It stays loaded, so that what it loses itself is told as its own (tpm_test.cpp).
    ::dlopen("libtss2-tctildr.so.0", RTLD_NOW | RTLD_NODELETE);
  }
  SoftwareTpm(const SoftwareTpm&) = delete;
  SoftwareTpm& operator=(const SoftwareTpm&) = delete;
  ~SoftwareTpm() {
    if (runs_) stop();
    ::unsetenv("TPM2OPENSSL_TCTI");
    ::unsetenv("TPM2TOOLS_TCTI");
  }

  void start() {
    run("swtpm socket --tpm2 --tpmstate dir=" + folder_.path().string() + " --server type=unixio,path=" + socket() +
        " --ctrl type=unixio,path=" + socket() +
        ".ctrl --flags not-need-init,startup-clear --daemon --pid file=" + path("pid"));
    runs_ = true;
  }

  void stop() {
    const auto pid = static_cast<pid_t>(std::stol(files::read(path("pid")).value_or("")));
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    ::kill(pid, SIGTERM);
    pollfd end{process.get(), POLLIN, 0};
    ::poll(&end, 1, -1);
    runs_ = false;
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  /// Makes a key that stays at a persistent handle. `options`: of tpm2_create, besides its kind.
  void make_persistent(const std::string& handle, const std::string& options = "-G ecc256:ecdsa-sha256") const {
    tool("tpm2_createprimary -Q -C o -c primary.ctx");
    tool("tpm2_create -Q -C primary.ctx -u key.pub -r key.priv " + options + " -a '" + attributes + "'");
    tool("tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx");
    tool("tpm2_evictcontrol -Q -C o -c key.ctx " + handle);
  }

  /// Makes a key that this TPM has wrapped, in the file `name`. `options`: of openssl genpkey.
  void make_wrapped(const std::string& name, const std::string& options = "-algorithm EC -pkeyopt group:P-256") const {
    run("openssl genpkey -quiet -provider tpm2 -provider default -propquery '?provider=tpm2' " + options + " -out " +
        path(name) + " 2>/dev/null");
  }

  /// What the program prints on its standard output.
  std::string told(const std::string& command) const {
    run(command + " >" + path("told"));
    return files::read(path("told")).value_or("");
  }

  void tool(const std::string& command) const {
    run("cd " + folder_.path().string() + " && " + command + " && tpm2_flushcontext -t");
  }

  static constexpr const char* attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign";

 private:
  static bool is_good(const std::string& command) {
    return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;
  }

  static void run(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }

  std::string socket() const { return path("socket"); }

  TemporaryFolder folder_;
  bool runs_ = false;
};

}  // namespace acmed::crypto
