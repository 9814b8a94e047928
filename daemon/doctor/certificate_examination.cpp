// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/certificate_examination.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/files.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "daemon/deploy/verify.h"
#include "daemon/doctor/mends.h"
#include "daemon/renew/due.h"
#include "daemon/renew/star.h"

namespace acmed::doctor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using acmed::to_text;  // of a duration

constexpr std::size_t largest_file = std::size_t{1} << 20;

/// What the files in live/NAME and the state say.
struct Look {
  std::vector<Line> lines;
  std::optional<store::Certificate> remembered;
  std::optional<crypto::Certificate> live;
};

std::string days_until(Time end, Time now) {
  return end > now ? fmt::format("ends in {}", to_text(end - now)) : fmt::format("ended {} ago", to_text(now - end));
}

std::optional<std::string> content(const fs::path& path) {
  auto text = files::read(path, largest_file);
  if (text && text->empty()) return std::nullopt;
  return text;
}

/// Whether key and chain in `folder` belong to `certificate`; a sentence when not.
std::string fault_of_pair(const fs::path& folder, const crypto::Certificate& certificate) {
  const auto key = content(folder / "privkey.pem");
  const auto meta =
      store::generation_meta_from_json(json::parse(content(folder / "meta.json").value_or("")).value_or(json::Value()));
  const bool is_in_token = !key && !meta.key_uri.empty();
  if (is_in_token && certificate.public_key_digest() != meta.public_key) {
    return fmt::format("the certificate in {} is not for the key in the token", folder.string());
  }
  if (!key && !is_in_token) return fmt::format("{} is missing or empty", (folder / "privkey.pem").string());
  if (key && !certificate.has_key(crypto::PrivateKey::from_pem(Secret(*key)))) {
    return fmt::format("the key in {} is not the certificate's", folder.string());
  }
  const auto chain = content(folder / "fullchain.pem");
  if (!chain) return fmt::format("{} is missing or empty", (folder / "fullchain.pem").string());
  if (!(crypto::parse_chain(*chain).front() == certificate)) {
    return fmt::format("{} begins with another certificate than cert.pem", (folder / "fullchain.pem").string());
  }
  return {};
}

void look_at_live(const config::Certificate& certificate, const store::StateView& state, Time now, Look* look) {
  const auto folder = state.live_path(certificate.name);
  const auto& name = certificate.name;
  const auto reorder = fmt::format("acmectl renew {}", name);
  const auto pem = content(folder / "cert.pem");
  if (!pem) {
    look->lines.push_back(
        {name, Verdict::warning, fmt::format("nothing is in service in {}", folder.string()), reorder});
    return;
  }
  const auto live = crypto::parse_chain(*pem).front();
  look->live = live;
  const auto generation = state.live(name).value_or(0);
  const auto told =
      fmt::format("generation {}, serial {}, {}", generation, live.serial(), days_until(live.not_after(), now));
  std::string fault;
  try {
    fault = fault_of_pair(folder, live);
  } catch (const files::Denied& error) {
    look->lines.push_back({name, Verdict::warning, fmt::format("{}; its key cannot be read from here", told),
                           "run as root to see whether it is the certificate's"});
    return;
  } catch (const Error& error) {
    fault = error.what();
  }
  auto wanted = certificate.domains;
  std::ranges::sort(wanted);
  if (!fault.empty()) {
    look->lines.push_back({name, Verdict::wrong, fault, "restart acmed: it orders another one"});
  } else if (live.not_after() <= now) {
    look->lines.push_back({name, Verdict::wrong, told, reorder});
  } else if (live.not_before() > now) {
    look->lines.push_back({name, Verdict::wrong,
                           fmt::format("{}, but begins only at {}", told, to_rfc3339(live.not_before())),
                           "look at this host's clock"});
  } else if (live.dns_names() != wanted) {
    look->lines.push_back(
        {name, Verdict::warning, fmt::format("{}, but for other names than the configuration", told), reorder});
  } else {
    look->lines.push_back({name, Verdict::ok, told});
  }
}

Line trouble_line(const std::string& subject, const std::string& what, const store::Trouble& trouble, Time now) {
  const auto next = trouble.next_try > now ? fmt::format("next try in {}", to_text(trouble.next_try - now))
                                           : std::string("to be tried now");
  Line line{subject, Verdict::wrong,
            fmt::format("{} since {}: {} ({} {}, {})", what, to_text(now - trouble.since), trouble.sentence,
                        trouble.failures, trouble.failures == 1 ? "try" : "tries", next),
            std::string(), trouble.cause};
  return line;
}

void look_at_remembered(const config::Certificate& certificate, const store::StateView& state, Time now, Look* look) {
  look->remembered = state.certificate(certificate.name);
  if (!look->remembered) return;
  const auto& remembered = *look->remembered;
  const auto& name = certificate.name;
  if (remembered.trouble) {
    auto line = trouble_line(name, "not issued", *remembered.trouble, now);
    line.mend = mend_of(line.cause);
    look->lines.push_back(std::move(line));
  } else if (remembered.issued &&
             renew::next_star_certificate(remembered).value_or(renew::due_at(*remembered.issued, certificate.renew)) <
                 now) {
    look->lines.push_back({name, Verdict::warning, "its renewal is due", fmt::format("acmectl renew {}", name)});
  }
  if (remembered.leftover) {
    look->lines.push_back(trouble_line(name, "values are left in the DNS", *remembered.leftover, now));
  }
  for (const auto& target : certificate.deploy) {
    const auto subject = name + ": " + target.name;
    const auto found = remembered.deployments.find(target.name);
    const auto deploy = fmt::format("acmectl deploy {} {}", name, target.name);
    if (found != remembered.deployments.end() && found->second.trouble) {
      auto line = trouble_line(subject, "not deployed", *found->second.trouble, now);
      line.mend = deploy + ", once it is mended";
      look->lines.push_back(std::move(line));
    } else if (remembered.issued) {
      const auto served = found == remembered.deployments.end() ? 0 : found->second.served;
      const auto issued = remembered.issued->generation;
      if (served == issued) {
        look->lines.push_back({subject, Verdict::ok, fmt::format("has generation {}", served)});
      } else {
        look->lines.push_back({subject, Verdict::warning,
                               served == 0 ? fmt::format("has not got generation {} yet", issued)
                                           : fmt::format("has generation {}, issued is {}", served, issued),
                               deploy});
      }
    }
  }
}

/// Blocks.
Look look_at(const config::Certificate& certificate, const store::StateView& state, Time now) {
  Look look;
  const auto guarded = [&](auto part) {
    try {
      part(certificate, state, now, &look);
    } catch (const Error& error) {
      auto line = wrong(certificate.name, error);
      // What is not for this user says nothing about the service.
      if (dynamic_cast<const files::Denied*>(&error) != nullptr) line.verdict = Verdict::warning;
      look.lines.push_back(std::move(line));
    }
  };
  guarded(look_at_live);
  guarded(look_at_remembered);
  return look;
}

Task<Line> look_at_service(std::string name, config::Target target, std::string key_type, crypto::Certificate live) {
  const auto& verify = *target.verify;
  const auto where = fmt::format("{}:{}", verify.host, verify.port);
  const auto fault = co_await deploy::fault_of_service(verify, std::move(key_type), live);
  const auto subject = name + ": " + target.name;
  if (fault.empty()) {
    co_return Line{subject, Verdict::ok, fmt::format("{} serves what is live, serial {}", where, live.serial())};
  }
  co_return Line{subject, Verdict::wrong,
                 fmt::format("{} does not serve what is live, serial {}, asked for {}: {}", where, live.serial(),
                             verify.server_name, fault),
                 fmt::format("acmectl deploy {} {}", name, target.name), "deploy:verify"};
}

}  // namespace

Task<std::vector<Line>> examine_certificate(Loop* loop, const config::Certificate* certificate,
                                            store::StateView state) {
  auto look =
      co_await offload([certificate, state, now = loop->clock().now()] { return look_at(*certificate, state, now); });
  auto lines = std::move(look.lines);
  if (!look.live) co_return lines;
  const bool is_known = certificate->key && look.remembered && look.remembered->issued;
  const auto key_type =
      is_known ? look.remembered->issued->key_type : std::string(crypto::to_text(certificate->key_type));
  std::vector<Task<Line>> services;
  for (const auto& target : certificate->deploy) {
    if (target.verify) services.push_back(look_at_service(certificate->name, target, key_type, *look.live));
  }
  const auto seen = co_await when_all(std::move(services));
  lines.insert(lines.end(), seen.begin(), seen.end());
  co_return lines;
}

}  // namespace acmed::doctor
