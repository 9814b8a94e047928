// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/event_stream.h"

namespace acmed::acmectl {
namespace {

constexpr std::size_t longest_line = std::size_t{256} * 1024;

}  // namespace

std::vector<ServerEvent> EventStream::feed(std::string_view part) {
  std::vector<ServerEvent> events;
  while (!part.empty()) {
    const auto end = part.find('\n');
    const auto more = part.substr(0, end);
    if (line_.size() + more.size() <= longest_line) line_ += more;
    if (end == std::string_view::npos) break;
    part.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    take(line_, &events);
    line_.clear();
  }
  return events;
}

void EventStream::take(std::string_view line, std::vector<ServerEvent>* events) {
  if (line.empty()) {
    if (has_data_) events->push_back(event_);
    event_.type.clear();
    event_.data.clear();
    has_data_ = false;
    return;
  }
  const auto colon = line.find(':');
  const auto field = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "id") {
    event_.id = value;
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "data" && event_.data.size() + value.size() <= longest_line) {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  }
}

}  // namespace acmed::acmectl
