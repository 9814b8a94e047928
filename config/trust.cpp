// SPDX-License-Identifier: Apache-2.0
#include "config/trust.h"

#include "base/crypto/x509.h"
#include "base/error.h"
#include "config/files.h"

namespace acmed::config {

std::string read_trust(Reader& reader) {
  const auto file = reader.text("trust");
  if (!file) return {};
  const auto path = absolute_path(file->value, file->place);
  auto pem = named_file(path, FileOf::configuration);
  if (!pem.good()) {
    reader.fault(file->place, "trust", pem.fault);
    return {};
  }
  try {
    crypto::parse_chain(pem.value);
  } catch (const Error&) {
    reader.fault(file->place, "trust",
                 path.string() +
                     " does not hold certificates in PEM; give the CA's root certificate, "
                     "\"-----BEGIN CERTIFICATE-----\"");
  }
  return std::move(pem.value);
}

}  // namespace acmed::config
