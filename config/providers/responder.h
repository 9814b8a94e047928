// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads the keys specific to type = "responder". Faulty values are reported and left at their defaults.
void read_responder(Reader& reader, Provider& provider);

/// Why `provider`, if it is a responder, cannot listen alongside the responders among `others`; empty when it can.
std::string fault_of_listening(const Provider& provider, const std::vector<Provider>& others);

/// The name server of one of its zones, as in the NS and SOA records.
std::string name_server_of(const Responder& responder, const std::string& zone);

/// The mailbox in its SOA record, as a domain name.
std::string contact_of(const Responder& responder, const std::string& zone);

/// A name in one of the zones of `provider` that the challenge name of `name` may be an alias (CNAME) for, to lead to
/// it.
std::string alias_target(const Provider& provider, std::string_view name);

}  // namespace acmed::config
