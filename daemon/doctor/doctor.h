// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "config/config.h"
#include "daemon/doctor/line.h"
#include "daemon/host_facts.h"

namespace acmed::doctor {

/// What is to be examined.
struct Question {
  std::string certificate = {};  ///< its name; empty for all
  bool touch_dns = false;        ///< a test value is added at each challenge name, and removed again
};

/// What an examination asks of its surroundings; other than the host's in tests.
struct Surroundings {
  std::function<HostFacts()> host_facts = &facts_of_this_host;  ///< blocks
  std::uint16_t dns_port = 53;                                  ///< where name servers listen
};

/// Everything that can be known without an order: the configuration, what this host has of what it names, the CAs and
/// their clocks, accounts, what is in service and what the services present, the DNS. Nothing is changed, but for the
/// test value. Works beside a running daemon, and without one; needs the rights of acmed's user to see all. What cannot
/// be found out is a line. Throws Cancelled only.
Task<std::vector<Line>> examine(Loop* loop, std::filesystem::path config_file, Question question,
                                Surroundings surroundings = {});

/// The same with a configuration that was read already; it must outlive the examination.
Task<std::vector<Line>> examine(Loop* loop, const config::Config* config, Question question,
                                Surroundings surroundings = {});

}  // namespace acmed::doctor
