// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace acmed::acmectl {

/// One of a server's events (WHATWG HTML, "Server-sent events").
struct ServerEvent {
  std::string id;
  std::string type;  ///< empty for "message"
  std::string data;  ///< several lines joined by line ends
};

/// Reads server-sent events from parts of a stream, wherever it was cut. Lines and events that are longer than any of
/// acmed's are dropped.
class EventStream {
 public:
  /// The events that are complete with this part. Comments and unknown fields are passed over.
  std::vector<ServerEvent> feed(std::string_view part);

  /// The latest id, for Last-Event-ID.
  const std::string& last_id() const noexcept { return event_.id; }

 private:
  void take(std::string_view line, std::vector<ServerEvent>* events);

  std::string line_;
  ServerEvent event_;
  bool has_data_ = false;
};

}  // namespace acmed::acmectl
