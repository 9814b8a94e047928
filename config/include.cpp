// SPDX-License-Identifier: Apache-2.0
#include "config/include.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <set>

#include "config/files.h"

namespace acmed::config {
namespace {

/// The files that a pattern names, sorted by their octets, whatever the locale.
std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::sort(files.begin(), files.end());
  return files;
}

/// A file emptied in order to disable it.
bool is_empty_file(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) && std::filesystem::file_size(file, error) == 0;
}

/// Adds the file's table; a faulty file is left out.
void add_source(std::string_view text, const std::string& file, std::deque<Source>& sources, FaultList& faults) {
  faults.begin_file(file);
  auto name = std::make_shared<const std::string>(file);
  auto read = read_toml(text, name);
  if (const auto* fault = std::get_if<TomlFault>(&read)) {
    faults.add(fault->place, "", fault->sentence);
  } else {
    sources.push_back({std::move(name), std::get<Table>(std::move(read))});
  }
}

}  // namespace

std::deque<Source> read_sources(std::string_view main_text, const std::filesystem::path& main_file, FaultList& faults,
                                const std::set<std::string>& passed_by) {
  std::deque<Source> sources;
  add_source(main_text, main_file.string(), sources, faults);
  if (sources.empty()) return sources;

  const auto& main_file_read = sources.front();
  Reader main(main_file_read.table, {main_file_read.file, 1, 1}, "", faults);
  const auto patterns = main.texts("include");
  if (!patterns) return sources;
  // The main file may match its own pattern, and a file may match two: each is read once.
  std::set<std::string> seen = passed_by;
  seen.insert(main_file.string());
  std::size_t room = largest_configuration - std::min(main_text.size(), largest_configuration);
  for (const auto& pattern : *patterns) {
    const auto path = absolute_path(pattern.value, pattern.place).string();
    const auto files = matches(path);
    // A pattern may still be waiting for its first file; a missing plain name is a mistake.
    if (files.empty() && pattern.value.find_first_of("*?[") == std::string::npos) {
      main.fault(pattern.place, "include", fmt::format("there is no file {}", path));
    }
    for (const auto& file : files) {
      if (!seen.insert(file).second || is_empty_file(file)) continue;
      const auto text = named_file(file, FileOf::configuration, largest_configuration);
      if (!text.good()) {
        main.fault(pattern.place, "include", text.fault);
      } else if (text.value.size() > room) {
        main.fault(pattern.place, "include",
                   fmt::format("with {} the files of the configuration hold more than {} bytes in all", file,
                               largest_configuration));
        return sources;
      } else {
        room -= text.value.size();
        add_source(text.value, file, sources, faults);
      }
    }
  }
  return sources;
}

void refuse_main_keys(Reader& included) {
  included.refuse("include", "an included file cannot include others; name them in the main file");
  for (const auto* key : {"state_directory", "defaults", "propagation", "notify", "control", "http"}) {
    included.refuse(key, "belongs into the main file; an included file holds ca, provider and certificate tables");
  }
}

}  // namespace acmed::config
