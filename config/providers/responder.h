// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads what is special to type = "responder". What is at fault is reported and left at its default.
void read_responder(Reader& reader, Provider& provider);

/// Why `provider`, if it is a responder, cannot listen beside those of `others` that are; empty when it can.
std::string fault_of_listening(const Provider& provider, const std::vector<Provider>& others);

/// The name server of one of its zones, as it stands in NS and SOA records.
std::string name_server_of(const Responder& responder, const std::string& zone);

/// The mailbox in its SOA record, as a domain name.
std::string contact_of(const Responder& responder, const std::string& zone);

/// What the challenge name of `name` may be an alias (CNAME) of, to lead to `provider`: a name in one of its zones.
std::string alias_target(const Provider& provider, std::string_view name);

}  // namespace acmed::config
