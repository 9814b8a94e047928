// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/notify/news.h"

namespace acmed::notify {

enum class Event {
  failing,    ///< something has failed for long
  revoked,    ///< a certificate in service was revoked by its CA: nobody here asked for it
  ending,     ///< a certificate ends soon
  recovered,  ///< what was told has ended
  renewed     ///< a new certificate is in service, everywhere
};

/// What a program is told.
struct Message {
  /// ACMED_EVENT, ACMED_HOST, ACMED_CERTIFICATES (names with blanks between them), ACMED_SUBJECT (one line for people)
  /// and ACMED_TEXT (a line for each item).
  std::vector<std::string> environment;
  std::string json;  ///< the same, with all that is known of each item
};

/// `items`: at least one; the first hundred are told one by one, the others counted. `host`: this host's name.
Message message_for(Event event, const std::vector<Item>& items, std::string_view host, Time now);

}  // namespace acmed::notify
