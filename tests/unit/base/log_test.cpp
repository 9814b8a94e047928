// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/secret_list.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/log_capture.h"

using namespace acmed;

SCENARIO("what others wrote is one line in the log, and moves no terminal") {
  const test::LogCapture log;
  log::warning(
      "ca: \x1b[2Jall well\r\nerror: not by acmed\b\x07 \xc2\x9b"
      "31m \xe2\x80\xae end");
  CHECK(log.text() == "ca: [2Jall well error: not by acmed 31m end\n");
}

SCENARIO("a line has an end") {
  const test::LogCapture log;
  log::warning(std::string(1'000'000, 'x'));
  CHECK(log.text().size() < 20'000);
  CHECK(log.text().ends_with("x...\n"));
}

SCENARIO("what the configuration keeps secret is not in the log, whoever repeats it") {
  keep_out_of_texts(Secret(std::string("hunter2-hunter2")));
  const test::LogCapture log;
  log::warning("the operator says: no such token hunter2-hunter2");
  CHECK(log.text() == "the operator says: no such token ***\n");
}

SCENARIO("what is less important than the level is not written") {
  const test::LogCapture log;
  log::debug("one");
  log::set_level(log::Level::warning);
  log::info("two");
  log::set_level(log::Level::info);
  log::info("three");
  CHECK(log.text() == "three\n");
}
