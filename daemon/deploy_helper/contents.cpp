// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/contents.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/crypto/key.h"
#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/json.h"

namespace acmed::deploy_helper {
namespace {

/// A thousand generations with chains of several certificates.
constexpr off_t largest_contents = off_t{32} << 20;
constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

[[noreturn]] void fail(const std::string& doing) {
  throw Retry("helper:contents", system_error_sentence(doing, errno));
}

[[noreturn]] void refuse(const std::string& why) {
  throw Refused("helper:contents", "the contents beside the request are not taken: " + why);
}

[[noreturn]] void refuse_pair(const std::string& why) {
  throw Refused("helper:pair", "nothing is deployed: " + why);
}

std::string text_in(const json::Value& value, std::string_view key) {
  const auto* text = value[key].as_string();
  if (text == nullptr) refuse("they are not the files of generations");
  return *text;
}

}  // namespace

Fd seal(const std::vector<store::GenerationFiles>& generations) {
  json::Array list;
  for (const auto& files : generations) {
    list.emplace_back(json::Object{{"privkey", files.private_key.reveal()},
                                   {"cert", files.certificate},
                                   {"chain", files.chain},
                                   {"fullchain", files.full_chain}});
  }
  const Secret text(json::dump(list));
  Fd fd(::memfd_create("acmed-deploy", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) fail("create a memory file");
  std::string_view rest = text.reveal();
  while (!rest.empty()) {
    const auto written = ::write(fd.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) fail("write to a memory file");
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, all_seals) != 0) fail("seal a memory file");
  return fd;
}

std::vector<store::GenerationFiles> read_sealed(const Fd& sealed) {
  if (!sealed) refuse("there are none");
  // Only a memory file has seals. Unsealed, it could change between a look at it and its use.
  const int seals = ::fcntl(sealed.get(), F_GET_SEALS);
  if (seals < 0 || (seals & all_seals) != all_seals) refuse("they are not in sealed memory");
  struct stat status {};
  if (::fstat(sealed.get(), &status) != 0) fail("examine a memory file");
  if (status.st_size > largest_contents) refuse(fmt::format("they are larger than {} bytes", largest_contents));
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = ::pread(sealed.get(), text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (count < 0 && errno != EINTR) fail("read a memory file");
    if (count == 0) break;
    if (count > 0) size += static_cast<std::size_t>(count);
  }
  const Secret whole(std::move(text));
  const auto value = json::parse(whole.reveal());
  if (!value || value->as_array() == nullptr) refuse("they are not the files of generations");
  std::vector<store::GenerationFiles> generations;
  for (const auto& each : value->elements()) {
    generations.push_back(
        {Secret(text_in(each, "privkey")), text_in(each, "cert"), text_in(each, "chain"), text_in(each, "fullchain")});
  }
  return generations;
}

void check_and_describe(store::Generation& generation, std::vector<std::string> domains) {
  check_and_describe_former(generation);
  std::ranges::sort(domains);
  if (generation.meta.domains != domains) refuse_pair("the certificate is not for the names in the configuration");
}

void check_and_describe_former(store::Generation& generation) {
  const auto& files = generation.files;
  const auto chain = crypto::parse_chain(files.full_chain);
  const auto& leaf = chain.front();
  if (crypto::parse_chain(files.certificate) != std::vector{leaf}) {
    refuse_pair("the certificate is not the first of its chain");
  }
  const std::vector<crypto::Certificate> others(chain.begin() + 1, chain.end());
  if (others.empty() != files.chain.empty() || (!others.empty() && crypto::parse_chain(files.chain) != others)) {
    refuse_pair("the chain is not that of the certificate");
  }
  if (!files.private_key.empty() && !leaf.has_key(crypto::PrivateKey::from_pem(files.private_key))) {
    refuse_pair("the key is not that of the certificate");
  }
  generation.meta.domains = leaf.dns_names();
  generation.meta.issuer = leaf.issuer_common_name();
  generation.meta.serial = leaf.serial();
  generation.meta.not_before = leaf.not_before();
  generation.meta.not_after = leaf.not_after();
}

}  // namespace acmed::deploy_helper
