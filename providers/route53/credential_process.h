// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "providers/route53/credentials.h"
#include "providers/route53/environment.h"

/// `credential_process` of AWS's profiles: a program that prints credentials, such as the helper of IAM Roles Anywhere.
namespace acmed::providers::route53 {

/// The words of such a command line, which is not given to a shell: separated by blanks, those with blanks in quotes of
/// either kind, and '\' before a character that means itself. Throws Refused ("aws:credentials") when a quote is not
/// closed or there is no word.
std::vector<std::string> words_of_command(std::string_view line);

/// Runs the program and reads what it prints. It gets HOME, the variables of a proxy and those that begin with AWS_ and
/// choose profiles, files and regions; none with a key. Throws Error when it fails, takes more than a minute, or prints
/// something else.
Task<Credentials> from_credential_process(std::string profile, std::string line, Environment environment);

}  // namespace acmed::providers::route53
