// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/xml.h"

#include <pugixml.hpp>
#include <sstream>

namespace acmed::providers::route53::xml {
namespace {

constexpr int deepest = 16;

bool copy(const pugi::xml_node& from, Element& to, int depth) {
  if (depth > deepest) return false;
  to.name = from.name();
  to.text = from.text().get();
  for (const auto& child : from.children()) {
    if (child.type() != pugi::node_element) continue;
    if (!copy(child, to.children.emplace_back(), depth + 1)) return false;
  }
  return true;
}

void append(pugi::xml_node parent, const Element& element, const std::string& space) {
  auto node = parent.append_child(element.name.c_str());
  if (!space.empty()) node.append_attribute("xmlns").set_value(space.c_str());
  if (!element.text.empty()) node.text().set(element.text.c_str());
  for (const auto& child : element.children) append(node, child, {});
}

}  // namespace

const Element& Element::operator[](std::string_view child) const noexcept {
  static const Element none;
  for (const auto& element : children) {
    if (element.name == child) return element;
  }
  return none;
}

std::optional<Element> parse(std::string_view document) {
  pugi::xml_document parsed;
  if (!parsed.load_buffer(document.data(), document.size(), pugi::parse_default, pugi::encoding_utf8)) {
    return std::nullopt;
  }
  Element root;
  if (!copy(parsed.document_element(), root, 1) || root.name.empty()) return std::nullopt;
  return root;
}

std::string write(const Element& root, const std::string& space) {
  pugi::xml_document document;
  append(document.root(), root, space);
  auto declaration = document.prepend_child(pugi::node_declaration);
  declaration.append_attribute("version").set_value("1.0");
  declaration.append_attribute("encoding").set_value("UTF-8");
  std::ostringstream text;
  document.save(text, "", pugi::format_raw, pugi::encoding_utf8);
  return text.str();
}

}  // namespace acmed::providers::route53::xml
