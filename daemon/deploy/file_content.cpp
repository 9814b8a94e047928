// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/file_content.h"

#include "base/crypto/forms.h"
#include "base/error.h"

namespace acmed::deploy {
namespace {

using config::FileKind;

bool is_pkcs12(FileKind kind) {
  return kind == FileKind::pkcs12 || kind == FileKind::pkcs12_legacy;
}

crypto::PrivateKey key_of(const store::GenerationFiles& files) {
  return crypto::PrivateKey::from_pem(files.private_key);
}

}  // namespace

Secret file_content(FileKind kind, const config::Target& target, const std::string& certificate,
                    const store::GenerationFiles& files) {
  switch (kind) {
    case FileKind::cert:
      return Secret(files.certificate);
    case FileKind::chain:
      return Secret(files.chain);
    case FileKind::fullchain:
      return Secret(files.full_chain);
    case FileKind::privkey:
      return files.private_key;
    case FileKind::combined:
      return Secret(files.private_key.reveal() + files.full_chain);
    case FileKind::combined_key_last:
      return Secret(files.full_chain + files.private_key.reveal());
    case FileKind::der:
      return Secret(crypto::parse_chain(files.certificate).front().to_der());
    case FileKind::privkey_der:
      return crypto::pkcs8_der(key_of(files));
    case FileKind::privkey_traditional:
      return crypto::traditional_pem(key_of(files));
    case FileKind::pkcs12:
    case FileKind::pkcs12_legacy:
      break;
  }
  const auto cipher = kind == FileKind::pkcs12 ? crypto::Pkcs12Cipher::modern : crypto::Pkcs12Cipher::legacy;
  return crypto::pkcs12(key_of(files), crypto::parse_chain(files.full_chain), certificate,
                        target.pkcs12_password.latest(), cipher);
}

bool is_file_content(std::string_view content, FileKind kind, const config::Target& target,
                     const store::GenerationFiles& files) {
  if (!is_pkcs12(kind)) return content == file_content(kind, target, "", files).reveal();
  return crypto::is_pkcs12_of(content, key_of(files), crypto::parse_chain(files.full_chain),
                              target.pkcs12_password.latest());
}

}  // namespace acmed::deploy
