// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/notifier.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/foreign_text.h"
#include "base/log.h"
#include "base/runtime/command.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"

namespace acmed::notify {
namespace {

constexpr Duration gathered_for = std::chrono::seconds(5);
constexpr Duration pause_after_failure = std::chrono::minutes(10);
constexpr Duration longest_pause = std::chrono::hours(1);  // the calendar may be set meanwhile
constexpr std::size_t longest_line = 500;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "this host";
  return one_line(name.data(), name.size());
}

Task<> turn_of(Waiters* waiters) {
  co_await waiters->turn();
}

}  // namespace

void Notifier::wake() noexcept {
  changed_ = true;
  change_.wake_all();
}

void Notifier::use(config::Notify notify, Watched* watched) {
  notify_ = std::move(notify);
  watched_ = watched;
  wake();
}

void Notifier::ended(const std::string& /*certificate*/) {
  if (!notify_.on_failure.empty() || !renewed_.empty()) wake();
}

void Notifier::issued(const std::string& certificate, const std::string& /*ca*/, const store::Issued& issued) {
  if (!notify_.on_success.empty()) renewed_.insert_or_assign(certificate, issued.not_after);
}

/// Another one may be in service before anybody is told: it is told nevertheless.
void Notifier::revoked(const std::string& certificate, const std::string& /*ca*/, const store::Revocation& revocation) {
  if (!notify_.on_failure.empty() && revocation.by_ca) {
    revoked_.insert_or_assign(certificate, keep::view_of(revocation));
  }
}

Task<> Notifier::run() {
  for (;;) {
    while (!changed_) {
      const auto now = loop_.clock().now();
      if (next_ && *next_ <= now) break;
      if (next_) {
        co_await within(std::min<Duration>(*next_ - now, longest_pause), turn_of(&change_));
      } else {
        co_await change_.turn();
      }
    }
    changed_ = false;
    co_await sleep_for(gathered_for);
    co_await tell();
  }
}

Task<> Notifier::tell() {
  next_.reset();
  co_await tell_failures();
  co_await tell_successes();
}

Task<> Notifier::recall() {
  if (told_) co_return;
  std::vector<store::ToldTrouble> told;
  try {
    told = co_await store_.load_told();
  } catch (const Error& error) {
    log::warning(fmt::format("[notify] what was told is not known: {}", error.what()));
  }
  told_ = std::move(told);
}

Task<> Notifier::tell_failures() {
  const auto argv = notify_.on_failure;
  if (argv.empty()) co_return;
  co_await recall();
  if (watched_ == nullptr) co_return;
  auto news = news_of(*watched_, *told_, notify_, loop_.clock().now());
  next_ = news.next;
  add_revoked(news.revoked);
  co_await tell_items(argv, Event::revoked, &news.revoked);
  co_await tell_items(argv, Event::failing, &news.failing);
  co_await tell_items(argv, Event::ending, &news.ending);
  // What was revoked may be replaced already.
  if (!news.revoked.empty() && watched_ != nullptr) {
    news.recovered = news_of(*watched_, *told_, notify_, loop_.clock().now()).recovered;
  }
  co_await tell_items(argv, Event::recovered, &news.recovered);
}

void Notifier::add_revoked(std::vector<Item>& items) const {
  for (const auto& [certificate, trouble] : revoked_) {
    const auto is_it = [&](const auto& each) {
      return each.certificate == certificate && each.what == keep::revoked_what;
    };
    const bool is_met = std::ranges::find(items, certificate, &Item::certificate) != items.end();
    if (!is_met && std::ranges::none_of(*told_, is_it)) items.push_back({certificate, trouble, std::nullopt});
  }
}

/// Remembers that they were told, or that it was told that they are over.
Task<> Notifier::tell_items(std::vector<std::string> argv, Event event, const std::vector<Item>* items) {
  if (items->empty() || !co_await call(std::move(argv), event, *items)) co_return;
  if (event == Event::revoked) {
    for (const auto& item : *items) revoked_.erase(item.certificate);
  }
  if (event == Event::recovered) {
    remove_told(*told_, *items);
  } else {
    add_told(*told_, *items);
  }
  try {
    co_await store_.save_told(*told_);
  } catch (const Error& error) {
    log::warning(fmt::format("[notify] what was told is told again after a restart: {}", error.what()));
  }
}

/// A renewal is a success once no target lacks it.
Task<> Notifier::tell_successes() {
  const auto argv = notify_.on_success;
  if (argv.empty() || watched_ == nullptr) co_return;
  std::vector<Item> items;
  for (const auto& [certificate, not_after] : renewed_) {
    if (watched_->condition(certificate) == Watched::Condition::well) items.push_back({certificate, {}, not_after});
  }
  if (items.empty()) co_return;
  if (!co_await call(argv, Event::renewed, items)) co_return;
  for (const auto& item : items) {
    const auto known = renewed_.find(item.certificate);
    if (known != renewed_.end() && known->second == item.not_after) renewed_.erase(known);
  }
}

/// Returns whether it was told; if not, that is tried again.
Task<bool> Notifier::call(std::vector<std::string> argv, Event event, const std::vector<Item>& items) {
  auto message = message_for(event, items, host_name(), loop_.clock().now());
  Command command;
  command.argv = std::move(argv);
  for (auto& variable : message.environment) command.environment.emplace_back(std::move(variable));
  command.input = std::move(message.json);
  command.limit = notify_.timeout;
  const auto program = command.argv.front();
  const auto limit = command.limit;
  std::string failure;
  try {
    const auto result = co_await run_command(std::move(command));
    if (result.succeeded()) co_return true;
    const auto end = last_words(result.output, longest_line);
    failure = fmt::format("{} {}{}", program, result.outcome(limit), end.empty() ? ", without a word" : ": " + end);
  } catch (const Error& error) {
    failure = error.what();
  }
  log::error(fmt::format("[notify] nobody was told: {} (next try in {})", failure, to_text(pause_after_failure)));
  const auto again = loop_.clock().now() + pause_after_failure;
  next_ = std::min(next_.value_or(again), again);
  co_return false;
}

}  // namespace acmed::notify
