// SPDX-License-Identifier: Apache-2.0
#include "config/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace acmed::config {

std::string Fault::text() const {
  return line == 0 ? fmt::format("{}: {}", file, sentence) : fmt::format("{}:{}:{}: {}", file, line, column, sentence);
}

Faults::Faults(std::vector<Fault> faults) : faults_(std::move(faults)) {
  for (const auto& fault : faults_) text_ += (text_.empty() ? "" : "\n") + fault.text();
}

void FaultList::add(const Place& place, std::string_view key, std::string_view sentence) {
  faults_.push_back({place.file(), place.line, place.column,
                     key.empty() ? std::string(sentence) : fmt::format("{}: {}", key, sentence)});
}

void FaultList::throw_if_any() {
  if (faults_.empty()) return;
  const auto rank = [this](const Fault& fault) {
    return std::make_tuple(std::find(files_.begin(), files_.end(), fault.file) - files_.begin(), fault.line,
                           fault.column);
  };
  std::stable_sort(faults_.begin(), faults_.end(), [&](const Fault& a, const Fault& b) { return rank(a) < rank(b); });
  throw Faults(std::move(faults_));
}

}  // namespace acmed::config
