// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dns/name.h"
#include "providers/kit/rrset_provider.h"
#include "providers/route53/xml.h"

/// Names and sets of records as Route 53 writes them.
namespace acmed::providers::route53 {

/// "\052.example.com." for "*.example.com": other characters than letters, digits, '-', '_' and '.' are octal there.
std::string name_text(const dns::Name& name);

/// The name in such a text; nothing when it has characters that none of ours has.
std::optional<dns::Name> name_in(std::string_view text);

/// By what Route 53 sorts its listings: the labels in reverse, each with a dot after it.
std::string sort_key(std::string_view name_text);

/// A set of a listing.
struct ListedSet {
  std::string name;  ///< as Route 53 writes it
  std::string type;
  bool plain = true;  ///< neither an alias nor part of a routing policy
  TxtSet set;         ///< its values; of use for every type
};

/// Reads a ResourceRecordSet of an answer.
ListedSet listed_set(const xml::Element& element);

/// The ResourceRecordSet of a request.
xml::Element set_element(const dns::Name& name, dns::Type type, const TxtSet& set);

}  // namespace acmed::providers::route53
