// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/refusal.h"

#include <fmt/format.h>

#include "base/error.h"
#include "providers/kit/record_content.h"

namespace acmed::providers::cloudflare {
namespace {

bool is_malformed_token(const Answer& refusal) {
  return refusal.has({6003, 6111});
}

bool is_unknown_token(const Answer& refusal) {
  return refusal.has({1000}) || refusal.status == 401;
}

bool lacks_permission(const Answer& refusal) {
  if (refusal.has({9109, 10000})) return true;
  // "Actor ... requires permission ..." comes without a code.
  return refusal.status == 403 && (refusal.errors.empty() || refusal.has({0}));
}

bool lacks_route(const Answer& refusal) {
  return refusal.has({7000, 7001, 7003}) || refusal.status == 405 || (refusal.status == 404 && !is_not_there(refusal));
}

bool is_full(const Answer& refusal) {
  return refusal.has({81045});
}

bool meets_cname(const Answer& refusal) {
  return refusal.has({81053, 81054});
}

std::string doing(const Asked& asked) {
  switch (asked.request) {
    case Request::list_zones:
      return "to list zones";
    case Request::list_records:
      return "to list TXT records of zone " + asked.zone;
    case Request::change_records:
      break;
  }
  return "to change TXT records of zone " + asked.zone;
}

std::string mend(const Answer& refusal, const Asked& asked) {
  if (is_malformed_token(refusal)) {
    return fmt::format("the {} of [provider.{}] is no API token: copy the whole token, and not the Global API Key",
                       asked.token, asked.provider);
  }
  if (lacks_permission(refusal) || is_unknown_token(refusal)) {
    const auto permission = asked.request == Request::list_zones
                                ? fmt::format("Zone / Zone / Read for {} (not needed with zone_id)", asked.zone)
                                : fmt::format("Zone / DNS / Edit for {} (id {})", asked.zone, asked.zone_id);
    return fmt::format(
        "the {} of [provider.{}] must be right, not expired, allowed from this host's address, and have the permission "
        "{}",
        asked.token, asked.provider, permission);
  }
  if (lacks_route(refusal)) {
    return asked.zone_id.empty()
               ? fmt::format("look at the url of [provider.{}]", asked.provider)
               : fmt::format("look at zone_id and url of [provider.{}]: there is no zone with the id {}",
                             asked.provider, asked.zone_id);
  }
  if (is_full(refusal)) return "the zone has as many records as its plan allows: remove some";
  return "Cloudflare's words are all that is known";
}

std::string mend_name(const Answer& refusal) {
  if (meets_cname(refusal)) return ": a CNAME stands there, so the value belongs at its target";
  return {};
}

}  // namespace

bool is_there_already(const Answer& refusal) {
  return refusal.has({81057, 81058});
}

bool is_not_there(const Answer& refusal) {
  return refusal.has({81044});
}

bool lacks_batch(const Answer& refusal) {
  return lacks_route(refusal);
}

bool concerns_all(const Answer& refusal) {
  return is_malformed_token(refusal) || is_unknown_token(refusal) || lacks_permission(refusal) ||
         lacks_route(refusal) || is_full(refusal);
}

void throw_for_all(const Answer& refusal, const Asked& asked) {
  throw Refused(refusal.cause(),
                fmt::format("Cloudflare refuses {} ({}): {}", doing(asked), refusal.words(), mend(refusal, asked)));
}

Refused refusal_of(const Answer& refusal, const dns::Name& name, const Zone& zone, dns::Type type) {
  return {refusal.cause(), fmt::format("Cloudflare refuses {} at {} in zone {} ({}){}", type_text(type), name.text(),
                                       zone.apex.text(), refusal.words(), mend_name(refusal))};
}

}  // namespace acmed::providers::cloudflare
