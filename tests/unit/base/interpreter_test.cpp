// SPDX-License-Identifier: Apache-2.0
#include "base/interpreter.h"

#include <fstream>

#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;
using Catch::Contains;

SCENARIO("a script that the kernel would not start is told with its cure") {
  const TemporaryFolder folder;
  const auto script = (folder.path() / "script").string();
  const auto fault_of = [&](std::string_view content) {
    std::ofstream(script, std::ios::trunc) << content;
    return fault_of_first_line(script);
  };

  THEN("what runs is not objected to") {
    CHECK(fault_of("#!/bin/sh\n") == "");
    CHECK(fault_of("#! /bin/sh -e\nexit\n") == "");
    CHECK(fault_of("#!/usr/bin/env sh\n") == "");
    CHECK(fault_of("#!/usr/bin/env -S sh -e\n") == "");
    CHECK(fault_of("#!/usr/bin/env A=1 nothing\n") == "");
    CHECK(fault_of("#!/bin/sh") == "");
    CHECK(fault_of(std::string("\x7f"
                               "ELF\x02\x01\x01\0\0",
                               9)) == "");
    CHECK(fault_of_first_line("/bin/sh") == "");
  }
  THEN("an interpreter that is not there is named") {
    CHECK_THAT(fault_of("#!/usr/bin/no-such-python\n"),
               Contains(script) && Contains("/usr/bin/no-such-python, which is not there"));
    CHECK_THAT(fault_of("#!/usr/bin/env no-such-python\n"),
               Contains("no-such-python, and there is no such program in /usr/local/sbin:"));
    CHECK_THAT(fault_of("#!sh\n"), Contains("names \"sh\"") && Contains("whole path"));
    CHECK_THAT(fault_of("#!\n"), Contains("whole path"));
  }
  THEN("a script that comes from Windows is told as such") {
    CHECK_THAT(fault_of("#!/bin/sh\r\nexit\r\n"), Contains("as on Windows") && Contains("sed -i 's/\\r$//' " + script));
  }
  THEN("a text without a first line of its kind is told, and so is nothing at all") {
    CHECK_THAT(fault_of("systemctl reload nginx\n"), Contains("#!/bin/sh"));
    CHECK_THAT(fault_of("\n#!/bin/sh\n"), Contains("#!/bin/sh"));
    CHECK_THAT(fault_of(""), Contains("#!/bin/sh"));
  }
  THEN("what cannot be read is somebody else's to tell") {
    CHECK(fault_of_first_line("/no/such/script") == "");
    CHECK(fault_of_first_line(folder.path()) == "");
  }
}
