# SPDX-License-Identifier: Apache-2.0
"""The mutants: for each promise that acmed makes, edits that break it. See run, beside this.

To add one: append a Mutant. `edits` are (file, text, text in its place); each text must stand in its file exactly once
and be as long as it takes to say what is broken. The mutant must compile without warnings (an unused parameter is one)
and must break what it names, not the whole. `judges` are the programs that should notice, the likeliest first: "unit_dns",
"unit_providers:SCENARIOS" where the whole would take long (as Catch2 takes them, "a promise*"), or "lab_CASE" where only
the lab can tell. Run it by its id; if it survives, write the scenario that kills it, in words of what a user loses.

S and K are those of the review that began this list.
"""
from typing import NamedTuple


class Mutant(NamedTuple):
    id: str
    promise: str  # what is broken
    judges: list
    edits: list


BASE, DNS, ACME, DAEMON, DEPLOY = ["unit_base"], ["unit_dns"], ["unit_acme"], ["unit_daemon"], ["unit_deploy"]
CONFIG = ["unit_config"]
JOURNEY = "daemon/issue/journey.cpp"
ORDER = "daemon/issue/order.cpp"
PROOFS = "daemon/issue/proofs.cpp"
VALIDATION = "daemon/issue/validation.cpp"
PUBLICATION = "daemon/issue/publication.cpp"
ZONES = "daemon/issue/zones.cpp"
AUTHORITY = "daemon/issue/acme_authority.cpp"
CHAIN_CHECK = "daemon/issue/chain_check.cpp"
HEEDFUL = "daemon/keep/heedful_authority.cpp"
FIRST_REQUEST = "daemon/renew/first_request.cpp"
LEDGER = "daemon/renew/ledger.cpp"
DUE = "daemon/renew/due.cpp"
STORE = "daemon/store/file_store.cpp"
GENERATION = "daemon/store/generation_files.cpp"
GENERATIONS = "daemon/store/generation_folder.cpp"
PLACE = "daemon/deploy/place.cpp"
KEEPER = "daemon/keep/keeper.cpp"
KEPT = "daemon/keep/kept.cpp"
ISSUING = "daemon/keep/issuing.cpp"
LOADING = "daemon/keep/loading.cpp"
DEPLOYMENT = "daemon/keep/deployment.cpp"
SERVICE = "daemon/service.cpp"
FLIGHT = "base/runtime/single_flight.h"
ANSWER = "daemon/acme/answer.cpp"
FILES = "base/files.cpp"
FILE_SET = "daemon/deploy/file_set.cpp"
DEPLOYING = "daemon/deploy/deploy.cpp"
DISCOVERY = "dns/discovery.cpp"
PROPAGATION = "dns/propagation.cpp"
EXCHANGE = "dns/exchange.cpp"
MESSAGE = "dns/message.cpp"

SYNC_OF_NEW_FILE = """  const auto fd = create(path, content, mode, group);
  if (::fsync(fd.get()) != 0) fail("sync", path);
"""
PUBLISH_THEN_TELL = """      co_await publication.publish(std::exchange(announcement, context_.zones.announce({})));
      place = co_await request_.authority->place();
      co_await publication.confirm();
      co_await order_.counted(proofs_.respond(round));
"""
TELL_THEN_PUBLISH = """      co_await order_.counted(proofs_.respond(round));
      co_await publication.publish(std::exchange(announcement, context_.zones.announce({})));
      place = co_await request_.authority->place();
      co_await publication.confirm();
"""

MUTANTS = [
    # --- 1: a pair is a pair -----------------------------------------------------------------------------------------
    Mutant("S6-key", "a certificate for another key is not put in service", DAEMON,
           [(CHAIN_CHECK, "return certificate.has_key(key); };",
             "return certificate.has_key(key) || !certificate.is_ca(); };")]),
    Mutant("S6-names", "a certificate for other names is not put in service", DAEMON,
           [(CHAIN_CHECK, "if (!missing.empty()) {", "if (missing.size() > ordered.size()) {")]),
    Mutant("S6-end", "a certificate that has ended is not put in service", DAEMON,
           [(CHAIN_CHECK, "if (leaf.not_after() <= now) {",
             "if (leaf.not_after() + std::chrono::hours(1'000'000) <= now) {")]),
    Mutant("S14", "each certificate and each renewal has a key of its own", DAEMON,
           [(ORDER, "  key_ = co_await context_.keys.generate(request_.key_type);\n",
             "  static const auto only = crypto::PrivateKey::generate(request_.key_type);\n  key_ = only;\n")]),
    Mutant("K22", "a generation that is still needed is not removed", DAEMON,
           [(GENERATIONS, "if (!needed.contains(numbers[i])) fs::", "if (needed.size() < numbers.size() + 9) fs::")]),
    Mutant("K23-key", "a target's key is switched last", DEPLOY,
           [(FILE_SET, """order = {FileKind::chain, FileKind::cert, FileKind::fullchain, FileKind::combined,
                                           FileKind::privkey};""",
             """order = {FileKind::privkey, FileKind::chain, FileKind::cert, FileKind::fullchain,
                                           FileKind::combined};""")]),
    Mutant("K23-sync", "a target's kept copies are on the disk before the first file is switched", DEPLOY,
           [(FILE_SET, """  files::sync_folder(directory_);
  for (const auto& [name, existed] : replacements) move_file""",
             """  for (const auto& [name, existed] : replacements) move_file""")]),
    Mutant("live-by-rename", "the live link is replaced by one rename(2)", DAEMON + BASE,
           [(FILES, "  temporary.rename_to(link);\n  sync_folder(link.parent_path());",
             "  ::unlink(link.c_str());\n  temporary.rename_to(link);\n  sync_folder(link.parent_path());")]),
    Mutant("key-resumed", "an order that goes on keeps its key", DAEMON,
           [(ORDER, "key_ = crypto::PrivateKey::from_pem(kept.key_pem);",
             "key_ = crypto::PrivateKey::from_pem(kept.key_pem);\n"
             "    key_ = crypto::PrivateKey::generate(request_.key_type);")]),
    Mutant("chain-broken", "a chain that no client could verify is not put in service", DAEMON,
           [(CHAIN_CHECK, "if (issuer == others.end()) {", "if (issuer == others.end()) return chain;\n    if (issuer == others.end()) {")]),
    Mutant("chain-of-ca", "a CA's certificate is not put in service", DAEMON,
           [(CHAIN_CHECK, "if (leaf.is_ca()) {", "if (leaf.is_ca() && !leaf.is_for_servers()) {")]),
    Mutant("chain-for-clients", "a certificate for clients alone is not put in service", DAEMON,
           [(CHAIN_CHECK, "if (!leaf.is_for_servers()) {", "if (!leaf.is_for_servers() && leaf.is_ca()) {")]),
    Mutant("chain-not-begun", "a certificate that begins later waits while the one in service is good", DAEMON,
           [(ORDER, "if (!state_.issued || state_.issued->not_after <= begin) {",
             "if (!state_.issued || state_.issued->not_after != begin) {")]),

    # --- 2: intent before effect -------------------------------------------------------------------------------------
    Mutant("S1-file", "a file's content is on the disk before it has its name", BASE,
           [(FILES, SYNC_OF_NEW_FILE, "  create(path, content, mode, group);\n")]),
    Mutant("S1-set", "the files of a generation are on the disk before it has its name", BASE,
           [(FILES, "if (::fsync(written[i].get()) != 0)", "if (written[i].get() < 0)")]),
    Mutant("S1-folder", "a new name is on the disk before anybody relies on it", BASE,
           [(FILES, """  if (::fsync(fd.get()) != 0) fail("sync the folder", path);\n""", "")]),
    Mutant("S1-target", "a target's files are on the disk before they are switched", DEPLOY,
           [(FILE_SET, """  if (::fsync(fd.get()) != 0) fail("sync", path);\n""", "")]),
    Mutant("S1-generation", "a generation's name is on the disk before the live link leads to it", DAEMON,
           [(GENERATIONS, "  fs::rename(fresh, place);\n  files::sync_folder(certificate);\n", "  fs::rename(fresh, place);\n")]),
    Mutant("S4", "the order and its key are on the disk before its authorizations are asked for", DAEMON,
           [(JOURNEY, "  const bool is_new = co_await order_.open();\n  if (is_new) co_await save();\n",
             "  co_await order_.open();\n")]),
    Mutant("S5", "TXT values are on the disk before they are published", DAEMON,
           [(JOURNEY, "    remember_values();\n    co_await save();\n", "    remember_values();\n")]),
    Mutant("S5-remember", "TXT values are remembered before they are published", DAEMON,
           [(JOURNEY, "    place.release();\n    remember_values();\n", "    place.release();\n"),
            (JOURNEY, "      if (&round == &rounds.back()) break;\n",
             "      remember_values();\n      if (&round == &rounds.back()) break;\n")]),
    Mutant("S7", "the account's key is on the disk before the CA sees it", DAEMON,
           [(AUTHORITY, "    account_.key_pem = key.to_pem();\n    co_await store_.save_account(account_);\n",
             "    account_.key_pem = key.to_pem();\n")]),
    Mutant("S15", "the state is saved before the live link is switched", DAEMON,
           [(JOURNEY, """  co_await save();
  co_await context_.publisher.publish(request_.name, std::move(generation));
""", """  co_await context_.publisher.publish(request_.name, std::move(generation));
  co_await save();
""")]),
    Mutant("K14", "an account's key is never replaced", DAEMON,
           [(STORE, """files::write_once(folder / "key.pem",""", """files::write_durably(folder / "key.pem",""")]),
    Mutant("account-kept", "the account's URL is remembered", DAEMON,
           [(AUTHORITY, "  if (is_new || read_anew) co_await store_.save_account(account_);\n",
             "  if (!is_new && read_anew) co_await store_.save_account(account_);\n")]),
    Mutant("cancelled-keeps", "a run that is stopped leaves order and values to be gone on with", DAEMON,
           [(JOURNEY, "    throw;  // what is in the DNS is on disk: the next run goes on with it\n",
             "    failure = std::current_exception();\n")]),
    Mutant("journal-first", "a target's journal is there before its first file is switched", DEPLOY,
           [(FILE_SET, "  write_journal(replacements);\n  for (const auto& [name, existed] : replacements) {\n",
             "  for (const auto& [name, existed] : replacements) {\n"),
            (FILE_SET, "move_file(staged(name), path(name));\n",
             "move_file(staged(name), path(name));\n  write_journal(replacements);\n")]),

    # --- 3: only our own values, and none left behind ----------------------------------------------------------------
    Mutant("S3", "after a failure the TXT values are withdrawn", DAEMON,
           [(JOURNEY, "if (!state_.values.empty() && !are_values_awaited()) co_await withdraw_in_passing();",
             "if (state_.values.size() > 100) co_await withdraw_in_passing();")]),
    Mutant("values-awaited", "a value stays while the CA is still to look at it", DAEMON,
           [(JOURNEY, "if (!state_.values.empty() && !are_values_awaited()) co_await withdraw_in_passing();",
             "if (!state_.values.empty()) co_await withdraw_in_passing();")]),
    Mutant("withdrawn-at-end", "after a success the TXT values are withdrawn", DAEMON,
           [(JOURNEY, "together(withdraw_in_passing(), obtain(std::move(place)))",
             "together(obtain(std::move(place)))")]),
    Mutant("K7", "foreign values survive where whole sets are replaced", ["unit_providers"],
           [("providers/kit/rrset_provider.cpp", "std::erase_if(set.records, is_served);", "set.records.clear();")]),
    Mutant("K7-disabled", "disabled records survive at PowerDNS", ["unit_providers"],
           [("providers/powerdns/powerdns.cpp", "if (!can.shows_disabled) {", "if (can.shows_disabled) {")]),
    Mutant("records-foreign", "foreign values survive where records are removed by their ids", ["unit_providers"],
           [("providers/kit/record_provider.cpp", "if (is_text(record.content, value->text)) ids_[*value]",
             "ids_[*value]")]),
    Mutant("sets-overtaken", "what was not written since another wrote meanwhile is written again", ["unit_providers"],
           [("providers/kit/rrset_provider.cpp", "return !written.overtaken.contains(entry.first);",
             "return !written.overtaken.contains(entry.first) || !entry.second.empty();")]),
    Mutant("sets-undone", "what another writer undid without knowing is made again", ["unit_providers"],
           [("providers/kit/rrset_provider.cpp", "looks_in_a_row = written.any ? 0 : looks_in_a_row + 1;",
             "looks_in_a_row = looks_wanted;")]),
    Mutant("halves", "a refused name does not keep the others back", ["unit_providers"],
           [("providers/kit/halving.h", "    waiting.emplace_back(middle, batch.end());\n", "")]),
    Mutant("K13", "a value that two certificates use stays until the last has done with it", DAEMON,
           [(ZONES, "if (!used->second.empty()) continue;", "if (used->second.size() > 99) continue;")]),
    Mutant("K18", "a value that found a new user is not removed", DAEMON,
           [(ZONES, "if (action == Action::remove) keep_what_is_used(*zone, batch.taken);",
             "if (action == Action::add) keep_what_is_used(*zone, {});")]),
    Mutant("K20", "a value at Route 53 is known by what it stands for", ["unit_providers"],
           [("providers/route53/route53.cpp", "loop.clock(), Escapes::octal)", "loop.clock(), Escapes::decimal)")]),
    Mutant("provider-gone", "a value whose provider is not configured any more is not forgotten", DAEMON,
           [(JOURNEY, "      out_of_reach.push_back(txt);\n", "      step(txt.value);\n")]),
    Mutant("removal-fails", "a value that could not be removed is tried again", DAEMON,
           [(JOURNEY, "  } catch (const Error&) {\n    left_over_ = std::current_exception();\n  }",
             "  } catch (const Error&) {\n    left_over_ = std::current_exception();\n    state_.values.clear();\n  }")]),

    # --- 4: the CA is told only when the DNS is ready ----------------------------------------------------------------
    Mutant("S2", "the CA is told after the values are published and seen", DAEMON,
           [(JOURNEY, PUBLISH_THEN_TELL, TELL_THEN_PUBLISH)]),
    Mutant("K25", "the DNS is waited for, whatever the provider is", DAEMON,
           [(PUBLICATION, "  } else {\n    co_await await_visible(true);\n  }", "  }")]),
    Mutant("reassure", "what others undid is looked at right before the CA is told", DAEMON,
           [(PUBLICATION, "  co_await context_.zones.assert_again(uncertain_values());\n  co_await await_visible(false);\n",
             "  co_await context_.zones.assert_again(uncertain_values());\n")]),
    Mutant("every-zone", "the provider's own word that it has published is waited for", DAEMON,
           [(PUBLICATION, "  co_await await_published();\n  const auto began", "  const auto began")]),
    Mutant("K1", "only an authoritative server counts", DNS,
           [(PROPAGATION, "if (answers && !message.authoritative) return",
             "if (answers && !message.authoritative && values.empty()) return")]),
    Mutant("K17", "every value must be there, not one of two", DNS,
           [(PROPAGATION, "if (found.size() == values.size()) return", "if (!found.empty()) return")]),
    Mutant("all-servers", "every server must show the values", DNS,
           [(PROPAGATION, "2 * ready > all : ready == all);", "2 * ready > all : 2 * ready > all);"),
            (PROPAGATION, "policy_.require == Require::all && pair < pairs_.size()",
             "policy_.require == Require::none && pair < pairs_.size()")]),
    Mutant("other-owner", "values at another name do not count", DNS,
           [(PROPAGATION, "text != nullptr && record.owner == name &&", "text != nullptr && !name.is_root() &&")]),
    Mutant("K10", "an alias in an answer without authority is not followed", DNS,
           [(DISCOVERY, "    return referral ? finding_at(*delegated, zone) : Finding();\n",
             "    if (const auto target = alias_in(message, name)) return {Finding::Kind::alias, *target};\n"
             "    return referral ? finding_at(*delegated, zone) : Finding();\n")]),
    Mutant("lame-parent", "a server that answers for a zone above has lost this one", DNS,
           [(DISCOVERY, "  if (!apex.is_within(zone)) return {};\n", "")]),
    Mutant("alias-loop", "aliases that go round end", DNS,
           [(DISCOVERY, "if (seen || location.chain.size() > longest_chain) {", "if (location.chain.size() > longest_chain * 20) {")]),
    Mutant("challenge-hidden", "no resolver is asked for a challenge name", DNS,
           [(DISCOVERY, "resolver_.zone_of(above_challenge_names(name));",
             "resolver_.zone_of(name.label_count() > 99 ? above_challenge_names(name) : name);")]),
    Mutant("wildcard-found", "an alias with a record of its own is no wildcard's", DNS,
           [(DISCOVERY, "    co_return !own;\n", "    co_return own || !own;\n")]),
    Mutant("wildcard-beside", "the way out of a wildcard CNAME is found", DNS,
           [(DISCOVERY, "    if (wildcard) {\n", "    if (wildcard && place.servers.empty()) {\n")]),
    Mutant("wildcard-followed", "a wildcard CNAME is not followed to where nobody meant it", DAEMON,
           [(PROOFS, "(location->chain.empty() || is_declared(*location, location->chain.back()));",
             "(location->chain.empty() || !location->chain.back().is_root());")]),
    Mutant("wildcard-declared", "an alias that was declared is followed, be it a wildcard's", DAEMON,
           [(PROOFS, "    if (serves && !(location && is_declared(*location, own->effective))) {\n",
             "    if (serves) {\n"),
            (PROOFS, "location->chain.empty() || is_declared(*location, location->chain.back())",
             "location->chain.empty()")]),
    Mutant("K11-question", "an answer to another question is not taken (RFC 5452 §9)", DNS,
           [(MESSAGE, "return *message.question == request.question;",
             "return message.question->type == request.question.type || !message.answer.empty();")]),
    Mutant("K11-opcode", "an answer of another opcode is not taken", DNS,
           [(MESSAGE, " || message.opcode != request.opcode) return false;", ") return false;")]),
    Mutant("K11-response", "a question is no answer", DNS,
           [(MESSAGE, "if (!message.is_response || message.id", "if (message.id")]),
    Mutant("K11-id", "an answer with another id is not taken", DNS,
           [(EXCHANGE, "  if (!id_matches) return std::nullopt;\n", "  if (wire.empty()) return std::nullopt;\n"),
            (EXCHANGE, "  const bool id_matches = wire.size() >= 2 && wire.compare(0, 2, request.wire, 0, 2) == 0;\n", ""),
            (MESSAGE, "!message.is_response || message.id != request.id ||", "!message.is_response ||")]),
    Mutant("K2", "a forged signature is not believed", DNS,
           [("dns/tsig.cpp", "!crypto::equal_in_constant_time(mac, record.mac)", "mac.size() != record.mac.size()")]),

    # --- 5: one certificate's trouble is its own ---------------------------------------------------------------------
    Mutant("others-go-on", "one certificate's forbidden name does not fail the others of its zone", DAEMON,
           [(ZONES, "if (refused && requests.size() > 1) {", "if (refused && requests.size() > 1000) {")]),
    Mutant("place-free", "an order that waits for the DNS takes no other certificate's place at the CA", DAEMON,
           [(JOURNEY, "    place.release();\n    remember_values();\n", "    remember_values();\n"),
            (JOURNEY, "      place = co_await request_.authority->place();\n", "")]),
    Mutant("back-off", "failures in a row are counted", DAEMON,
           [(DUE, "before ? std::max(before->failures + (attempt.asked ? 0U : 1U), 1U) : 1;",
             "before ? std::max(before->failures + (attempt.asked ? 0U : 0U), 1U) : 1;")]),

    # --- 6: no self-made lockout -------------------------------------------------------------------------------------
    Mutant("S9", "the ledger learns from 429 and 503", DAEMON,
           [(LEDGER, "  if (!asked_for || *asked_for <= now) co_return;\n",
             "  if (!asked_for || *asked_for > now) co_return;\n")]),
    Mutant("ledger-party", "what a DNS operator asks for closes no CA", DAEMON,
           [(LEDGER, "if (error.cause() == acme::overloaded) asked_for", "if (!error.cause().empty()) asked_for")]),
    Mutant("ledger-kept", "a CA's pause outlives a restart", DAEMON,
           [(LEDGER, "    if (ca.pause && ca.pause->until > clock_.now()) pauses",
             "    if (ca.pause && ca.pause->until < clock_.now()) pauses")]),
    Mutant("ledger-clock", "a pause from a clock that was wrong is not believed", DAEMON,
           [(LEDGER, "if (pause.since <= now && pause.until - pause.since <= acme::longest_overload) at(",
             "if (pause.since <= now || pause.until - pause.since <= acme::longest_overload) at(")]),
    Mutant("ledger-under-way", "a CA that closes is not asked by journeys under way", DAEMON,
           [(HEEDFUL, "  require_open();\n  std::exception_ptr failure;\n  try {\n    co_return co_await std::move(poll);",
             "  std::exception_ptr failure;\n  try {\n    co_return co_await std::move(poll);")]),
    Mutant("first-request", "a CA that is away gets one request for many certificates", DAEMON,
           [(FIRST_REQUEST, "const bool is_alone = !has_answered_lately();",
             "const bool is_alone = !has_answered_lately() && answered_;")]),
    Mutant("first-failure", "what the first request met all who wait meet", DAEMON,
           [(FIRST_REQUEST, "    if (outcome->failure) std::rethrow_exception(outcome->failure);\n", "")]),
    Mutant("urgent-without", "a certificate that is missing is as urgent as one that ends", DAEMON,
           [(DUE, "(is_there ? *not_after - now : tried) / 10", "(is_there ? *not_after - now : std::chrono::hours(9999)) / 10")]),
    Mutant("chain-clock", "a certificate that a wrong clock has for ended is not thrown away", DAEMON,
           [(CHAIN_CHECK, "throw BrokenChain(fmt::format(\"the CA's certificate ended at {}",
             "throw WrongCertificate(fmt::format(\"the CA's certificate ended at {}")]),
    Mutant("keep-trouble-over", "a trouble is over when its subject is not due any more", DAEMON,
           [(KEEPER, "    forget_former_troubles();\n    std::vector<Duty*> failed;", "    std::vector<Duty*> failed;")]),
    Mutant("ledger-tenth", "no pause is longer than a tenth of what is left of a certificate", DAEMON,
           [(LEDGER, "not_later_than_a_tenth(pause.until, pause.since, not_after);",
             "not_later_than_a_tenth(pause.until, pause.since, not_after ? std::nullopt : not_after);")]),
    Mutant("ledger-one-asks", "many who ask at once cause one request to a CA that is closed", DAEMON,
           [(LEDGER, "if (!ca.pause || ca.asked_again) co_return;", "if (ca.pause && ca.pause->until < ca.pause->since) co_return;")]),
    Mutant("K3", "a CA's Retry-After is kept", ACME,
           [(ANSWER, "  auto not_before = response.retry_after(now, longest_overload);\n",
             "  auto not_before = response.retry_after(now, longest_overload);\n  not_before.reset();\n"),
            (ANSWER, "not_before = response.retry_after(now, longest_rate_limit);", "not_before.reset();")]),
    Mutant("overload-bound", "a CA's pause for overload has a bound", ACME,
           [(ANSWER, "auto not_before = response.retry_after(now, longest_overload);",
             "auto not_before = response.retry_after(now, longest_overload * 1000);")]),
    Mutant("limit-bound", "a CA's pause for its limits has a bound", ACME,
           [(ANSWER, "not_before = response.retry_after(now, longest_rate_limit);",
             "not_before = response.retry_after(now, longest_rate_limit * 1000);")]),
    Mutant("K4", "a person's wish does not come before what the CA said of this very request", DAEMON,
           [(DUE, "trouble.not_before.value_or(Time::min())", "std::min(trouble.not_before.value_or(now), Time::min())")]),
    Mutant("wish-counts", "a person's wish lengthens no pause", DAEMON,
           [(DUE, "(attempt.asked ? 0U : 1U)", "(attempt.asked ? 1U : 1U)")]),
    Mutant("wish-postpones", "a person's wish does not put off the next try", DAEMON,
           [(DUE, "trouble.next_try = std::min(trouble.next_try, before->next_try);",
             "trouble.next_try = std::max(trouble.next_try, before->next_try);")]),
    Mutant("pause-of-provider", "a DNS operator's limit does not bind a person's wish", DAEMON,
           [(DUE, "error.party() == Party::ca && error.advice()", "error.advice()")]),
    Mutant("pause-of-load", "a CA's overload does not bind a person's wish", DAEMON,
           [(DUE, "if (of_this_request && error.cause() != acme::overloaded) trouble",
             "if (of_this_request && !error.cause().empty()) trouble")]),
    Mutant("pause-tenth", "no pause of one certificate is longer than a tenth of what is left of it", DAEMON,
           [(DUE, "  if (!not_after) return until;\n", "  if (!not_after || *not_after > now) return until;\n")]),
    Mutant("pause-clock", "a next try that a wrong clock made is not believed", DAEMON,
           [(DUE, "next <= now + longest_pause && trouble.since <= now;", "next <= now + longest_pause || trouble.since <= now;")]),
    Mutant("K12", "no nonce is used twice", ACME,
           [("daemon/acme/nonces.cpp", "  idle_.pop_back();\n", "")]),
    Mutant("K24", "badNonce for ever has an end", ACME,
           [("daemon/acme/session.cpp", "if (bad_nonces == most_bad_nonces ||", "if (bad_nonces == 1000 * most_bad_nonces ||")]),
    Mutant("S8", "an order that is gone is let go", DAEMON,
           [(ORDER, "if (!key_ || acme::verdict_on(error) == acme::Verdict::gone) {", "if (!key_) {")]),
    Mutant("S20", "an order that the CA made invalid is not resumed", DAEMON,
           [(ORDER, """  state_.order->failures = 0;
  if (order_.status == acme::OrderStatus::invalid) {
    give_up();
    co_return false;
  }
""", "  state_.order->failures = 0;\n")]),
    Mutant("S13", "an account that the CA lost is registered again", DAEMON,
           [(AUTHORITY, """if (error.cause() != acme::account_does_not_exist) throw;""",
             """if (!error.cause().empty()) throw;""")]),
    Mutant("order-gone-words", "an order that is gone is recognized without a problem document", DAEMON,
           [(ANSWER, "if (status == 404 || status == 410) return Verdict::gone;",
             "if (status == 404 && status == 410) return Verdict::gone;")]),
    Mutant("order-lagging", "one server of the CA that does not know an order yet does not end it", DAEMON,
           [("daemon/acme/client.cpp", "co_await look(doing, url, further_looks_at_an_order);",
             "co_await look(doing, url, further_looks_at_an_order * 0);")]),
    Mutant("authorization-lagging", "one server of the CA that does not know an authorization yet does not fail the order", DAEMON,
           [("daemon/acme/client.cpp", "co_await look(doing, url, second_looks.size());",
             "co_await look(doing, url, second_looks.size() * 0);")]),
    Mutant("order-names", "an order for other names is not gone on with", DAEMON,
           [(ORDER, "sorted(kept.domains) == sorted(request_.domains);", "!sorted(kept.domains).empty();")]),
    Mutant("order-ca", "an order at another CA is not gone on with", DAEMON,
           [(ORDER, "kept.directory_url == ca().settings().directory_url &&",
             "!kept.directory_url.empty() &&")]),
    Mutant("order-key-type", "an order for another type of key is not gone on with", DAEMON,
           [(ORDER, "kept.key_type == crypto::to_text(request_.key_type) &&", "!kept.key_type.empty() &&")]),
    Mutant("order-expired", "an order past its end is given up", DAEMON,
           [(ORDER, "  if (kept.expires && *kept.expires <= now) {\n",
             "  if (kept.expires && *kept.expires + longest_order * 1000 <= now) {\n")]),
    Mutant("order-endless", "no order is kept for ever", DAEMON,
           [(ORDER, "constexpr Duration longest_order = std::chrono::hours(24 * 30);",
             "constexpr Duration longest_order = std::chrono::hours(24 * 3000);")]),
    Mutant("order-fruitless", "an order that comes to nothing is replaced after some tries", DAEMON,
           [(ORDER, "constexpr unsigned most_fruitless = 4;", "constexpr unsigned most_fruitless = 4000;")]),
    Mutant("order-unreadable", "an order that cannot be read is replaced", DAEMON,
           [(ORDER, "constexpr unsigned most_unusable = 2;", "constexpr unsigned most_unusable = 2000;")]),
    Mutant("order-unanswered", "an order that gets no answer is replaced after some tries", DAEMON,
           [(ORDER, "constexpr unsigned most_unknown = 3;", "constexpr unsigned most_unknown = 3000;")]),
    Mutant("order-hasty", "a good order outlives a CA that is away", DAEMON,
           [(ORDER, "    if (failures < (may_pass ? most_unknown : most_unusable)) throw;\n",
             "    if (failures < (may_pass ? most_unknown : most_unusable)) throw;\n    give_up();\n")]),
    Mutant("order-wrong-end", "a wrong certificate ends its order", DAEMON,
           [(ORDER, "    give_up();  // the same order with the same key would end in the same way\n", "")]),
    Mutant("csr-early", "a CSR that came too early for one of the CA's servers is sent again", DAEMON,
           [(ORDER, "if (!is_early || looks == acme::second_looks.size())",
             "if (is_early || looks == acme::second_looks.size() || order_.url.empty())")]),
    Mutant("download-again", "a certificate that is not there yet is downloaded again", DAEMON,
           [(ORDER, "      if (!acme::is_worth_another_look(error)) throw;\n", "      if (!error.cause().empty()) throw;\n")]),
    Mutant("bad-url-again", "a URL that cannot be asked is not asked again", DAEMON,
           [(ANSWER, "!= Verdict::unknown && error.cause() != http::bad_url;", "!= Verdict::unknown && !error.cause().empty();")]),
    Mutant("finalized-pause", "the pause that a CA asked for when it was sent the CSR is kept", ACME,
           [("daemon/acme/client.cpp", "limit, order.ask_again);", "limit, std::nullopt);")]),

    # --- 7: issued is not done ---------------------------------------------------------------------------------------
    Mutant("K5", "a target whose test fails gets its former files back", DEPLOY,
           [(DEPLOYING, "const auto trouble = co_await place->put_back();", "const auto trouble = co_await place->keep();")]),
    Mutant("undo-to-nothing", "a target never goes back to nothing", DEPLOY,
           [(PLACE, "if (!former.existed) co_return", "if (!former.existed && former.not_after) co_return")]),
    Mutant("undo-to-expired", "a target never goes back to a certificate that has ended", DEPLOY,
           [(PLACE, "if (former.not_after && *former.not_after <= worth_until) {",
             "if (former.not_after && worth_until == Time::max()) {")]),
    Mutant("K6", "a target that reads live/ and whose hook fails gets the former generation back", DEPLOY + DAEMON,
           [(PLACE, "  return publish(*former_);", "  return publish(generation_);")]),
    Mutant("live-forward", "live/ stays at the new certificate where no other is worth it", DEPLOY,
           [(PLACE, 'co_return former_ ? "" :', 'co_return former_ || !generation_.live.empty() ? "" :')]),
    Mutant("revision", "what somebody else has saved meanwhile is not overwritten", DAEMON,
           [(STORE, "there && *there != certificate.revision)", "there && *there < certificate.revision)")]),
    Mutant("claim", "a certificate is worked on by one at a time", DAEMON,
           [(STORE, "while (claimed_.contains(name)) co_await", "if (claimed_.contains(name + name)) co_await")]),
    Mutant("undo-hook", "a service that has read the new files reads the former ones again", DEPLOY,
           [(DEPLOYING, "if (outcome.hook_began && previous) co_await", "if (!outcome.hook_began && previous) co_await")]),
    Mutant("undo-removes", "files that were not there before are gone after a crash was mended", DEPLOY,
           [(FILE_SET, "    if (!existed) {\n      remove_file(path(name));\n    } else if", "    if")]),
    Mutant("K21", "no descriptor of the daemon is open in a hook", BASE + DEPLOY,
           [("base/runtime/child.cpp", "    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);\n", "")]),

    # --- 8: no secret leaks ------------------------------------------------------------------------------------------
    Mutant("S16", "control characters of a CA do not go to the terminal", BASE,
           [("base/log.cpp", "const auto line = fit_to_show(message, longest_line);",
             "const auto line = message.size() > longest_line ? fit_to_show(message, longest_line) : std::string(message);")]),
    Mutant("log-secrets", "what the configuration keeps secret is struck from the log", BASE,
           [("base/secret_list.cpp", "return one_line(without_known_secrets(text), limit);", "return one_line(text, limit);")]),
    Mutant("text-c1", "eight-bit control characters do not go to the terminal", BASE,
           [("base/foreign_text.cpp", "(code >= 0x7F && code <= 0x9F)", "code == 0x7F")]),
    Mutant("text-bidi", "text that turns the direction of reading does not go to the terminal", BASE,
           [("base/foreign_text.cpp", "(code >= 0x2066 && code <= 0x2069)", "code == 0x2069")]),
    Mutant("K8", "an operator's words do not repeat a secret", ["unit_providers"],
           [("providers/kit/foreign_words.cpp", "return one_line(secrets_.struck_from(text), limit);", "return one_line(text, limit);"),
            ("providers/kit/foreign_words.cpp", "return lines_of(secrets_.struck_from(text), limit);", "return lines_of(text, limit);"),
            ("providers/kit/foreign_words.cpp", "return last_words(secrets_.struck_from(text), limit);", "return last_words(text, limit);")]),
    Mutant("K9", "a secret in the wrong place of the configuration is not repeated", CONFIG,
           [("config/secrets.cpp", "  return octets && octets->size() >= shortest_key;\n",
             "  return octets && octets->size() >= shortest_key * 100;\n")]),
    Mutant("K16", "a secret's bytes are wiped", BASE,
           [("base/secret.cpp", "  explicit_bzero(text.data(), text.size());\n", "")]),
    Mutant("staged-closed", "nobody else can open a target's key before it has its owner", DEPLOY,
           [(FILE_SET, "O_NOFOLLOW, 0600));\n  if (!fd) fail(\"create\", path);\n  if ((owner",
             "O_NOFOLLOW, 0600));\n  if (!fd) fail(\"create\", path);\n  ::fchmod(fd.get(), mode);\n  if ((owner")]),
    Mutant("key-mode", "a generation's key is for acmed and its group alone", DAEMON,
           [(GENERATIONS, "key_group ? 0640 : private_file_mode;", "key_group ? 0644 : public_file_mode;")]),

    Mutant("keys-sign", "the account's key is used where keys are kept, and nowhere else", DAEMON,
           [("daemon/acme/session.cpp", "co_await keys_.sign(key_, jws.signing_input());", "key_.sign(jws.signing_input());"),
            ("daemon/acme/session.cpp", "  co_return request;\n", "  if (request.body.empty()) co_await keys_.sign(key_, {});\n  co_return request;\n")]),

    # --- 9: the loop never blocks; tasks have owners -----------------------------------------------------------------
    Mutant("K15", "who waits for others hears that it was cancelled itself", BASE,
           [("base/runtime/scope.cpp", "  if (outer_.stop.stop_requested()) throw Cancelled();\n  if (first_failure_)",
             "  if (first_failure_)")]),
    Mutant("pipe-not-read", "a pipe in a file's place holds nobody up", BASE,
           [(FILES, "O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow", "O_RDONLY | O_CLOEXEC | O_NOCTTY | follow"),
            (FILES, "if (!S_ISREG(status.st_mode)) throw not_regular();", "if (S_ISDIR(status.st_mode)) throw not_regular();")]),

    # --- 10: bad input is refused with a sentence, which blames the right party --------------------------------------
    Mutant("S12", "only names that were ordered are proved", DAEMON,
           [(PROOFS, "return std::ranges::find(request_.domains, domain) != request_.domains.end();",
             "return !domain.empty();")]),
    Mutant("S12-mark", "a wildcard is proved though the CA does not mark it", DAEMON,
           [(PROOFS, "if (is_ordered(wildcard)) return wildcard;", "if (is_marked && is_ordered(wildcard)) return wildcard;")]),
    Mutant("validation-watched", "a failed authorization is told though the order stays pending", DAEMON,
           [(VALIDATION, "  if (authorization.status != acme::AuthorizationStatus::pending) {",
             "  if (domain.empty()) {")]),
    Mutant("validation-reason", "what the CA said of a challenge is told", DAEMON,
           [(VALIDATION, "watched->reason = challenge->error->text();", "watched->reason = \" \";")]),
    Mutant("same-names", "journeys for the same names proceed one after the other", DAEMON,
           [(JOURNEY, "->under_way().turn(request_.domains);", "->under_way().turn({request_.name});")]),
    Mutant("shared-proof", "an authorization that another journey proves is not deactivated", DAEMON,
           [(ORDER, "if (is_pending && !is_shared)", "if (is_pending || is_shared)")]),
    Mutant("spent-order", "an order that another request finalized is replaced in the same run", DAEMON,
           [(JOURNEY, "  if (is_spent) co_await follow_order();\n", "")]),
    Mutant("S18", "a name that no provider serves is told so", DAEMON,
           [(PROOFS, "  if (route_to == nullptr) {\n", "  if (route_to == nullptr && location.chain.size() > 99) {\n")]),
    Mutant("no-zone", "a provider that has no zone for a name is told so", DAEMON,
           [(PROOFS, "  if (!zone) {\n    throw Refused(\"dns:no-zone\"", "  if (!zone && zone) {\n    throw Refused(\"dns:no-zone\"")]),
    Mutant("no-dns-01", "a CA that offers no dns-01 is told so", DAEMON,
           [(PROOFS, "  if (challenge == nullptr) {\n", "  if (challenge == nullptr) co_return;\n  if (challenge == nullptr) {\n")]),
    Mutant("K19", "a TXT value is not added in vain where a CNAME stands", ["unit_providers"],
           [("providers/rfc2136/rfc2136.cpp", "if (change.action == Action::add && guarded.insert(change.name).second) {",
             "if (change.action == Action::add && guarded.insert(change.name).second && changes.empty()) {")]),
    Mutant("longest-zone", "a name is served by the provider of its longest zone", CONFIG,
           [("config/routes.cpp", "    if (found != by_zone_.end()) return &found->second;\n",
             "    if (found != by_zone_.end() && find(name.substr(name.find('.') + 1)) == nullptr) return &found->second;\n")]),
    Mutant("profile-required", "a profile that is required and not there is told so", DAEMON,
           [(AUTHORITY, "  if (settings().profile_required) {\n", "  if (settings().profile_required && offered.empty()) {\n")]),
    Mutant("profile-absent", "a profile that the CA does not have is not asked for", DAEMON,
           [(AUTHORITY, """ordered without one", {{"ACMED_CA", settings().name}});
  co_return std::nullopt;""", """ordered without one", {{"ACMED_CA", settings().name}});
  co_return settings().profile;""")]),
    Mutant("errno-pressure", "what this host lacks for a moment is no missing route", DNS,
           [(EXCHANGE, """  if (is_pressure(error_number)) {
    throw Retry(""", """  if (is_pressure(error_number) && error_number == 0) {
    throw Retry(""")]),
    Mutant("errno-route", "a missing route is no silence", DNS,
           [(EXCHANGE, "      reply.outcome = Reply::Outcome::no_route;\n", "      reply.outcome = Reply::Outcome::silent;\n")]),
    Mutant("errno-refused", "a server that is not running is no missing route", DNS,
           [(EXCHANGE, "    case ECONNREFUSED:  // the server's host says so itself\n", "")]),
    Mutant("errno-datagrams", "where datagrams do not get through, TCP is tried", DNS,
           [(EXCHANGE, "(error_number == EPERM || error_number == EACCES)", "error_number == ENOENT")]),
    Mutant("errno-repeat", "a query that a full queue did not take is sent again", DNS,
           [(EXCHANGE, "if (error != 0 && !is_pressure(error)) co_return failed(error);",
             "if (error != 0) co_return failed(error);")]),

    # --- 11: facts before notes --------------------------------------------------------------------------------------
    Mutant("facts-live", "a key in service that is empty is noticed", DAEMON,
           [(GENERATION, "  if (!is_whole_key(key.reveal())) {\n", "  if (!is_whole_key(key.reveal()) && key.reveal().size() > 9999) {\n"),
            (GENERATION, "  if (!is_pair(key, full_chain)) {\n", "  if (!is_pair(key, full_chain) && !key.empty()) {\n")]),
    Mutant("facts-pair", "a key in service that is another certificate's is noticed", DAEMON,
           [(GENERATION, "  if (!is_pair(key, full_chain)) {\n", "  if (!is_pair(key, full_chain) && key.empty()) {\n")]),
    Mutant("facts-look", "files in service are looked at, not remembered", DAEMON,
           [(GENERATION, "  if (are_as_written(folder)) return std::nullopt;\n",
             "  if (are_as_written(folder) || fs::exists(folder)) return std::nullopt;\n")]),
    Mutant("facts-mended", "a certificate file that is damaged is written again from the others", DAEMON,
           [(GENERATION, "  files::write_durably(folder / name, content, public_file_mode);\n",
             "  if (content.empty()) files::write_durably(folder / name, content, public_file_mode);\n")]),
    Mutant("facts-target-size", "a file of a target that was emptied is noticed", DEPLOY,
           [(FILE_SET, "if (static_cast<std::size_t>(status.st_size) != wanted.reveal().size()) return false;\n", ""),
            (FILE_SET, "return Secret(files::read(path(name)).value_or(\"\")) == wanted;", "return !wanted.empty();")]),
    Mutant("facts-target-content", "a file of a target with other content is noticed", DEPLOY,
           [(FILE_SET, "return Secret(files::read(path(name)).value_or(\"\")) == wanted;", "return !wanted.empty();")]),

    # --- 13: only trusted paths; what a crash left -------------------------------------------------------------------
    Mutant("journal-path", "a target's journal leads nowhere else", DEPLOY,
           [(FILE_SET, "if (name.empty() || name.find('/') != std::string::npos) throw", "if (name.empty()) throw")]),
    Mutant("journal-link", "a link in the journal's place is not followed", DEPLOY,
           [(FILE_SET, "largest_journal, files::Links::refused", "largest_journal, files::Links::followed")]),
    Mutant("leftover-own", "what this process is writing is no leftover", BASE,
           [(FILES, "!(has_tag || has_pid) || process == process_tag()) {", "!(has_tag || has_pid)) {")]),
    Mutant("leftover-removed", "a key that a crash left half written is removed", BASE + DAEMON,
           [(FILES, "    if (is_leftover(entry->d_name)) remove_leftover", "    if (!is_leftover(\"\") && is_leftover(entry->d_name) && folder.empty()) remove_leftover")]),
    Mutant("leftover-foreign", "files of other names are no leftovers", DAEMON,
           [(STORE, "if (of) return *of == \"state.json\" || generation_number(*of);", "if (of) return true;")]),
    Mutant("leftover-generation", "a generation that could not be finished is removed, with its key", DAEMON,
           [(GENERATIONS, "    fs::remove_all(folder_, ignored);\n", "    [[maybe_unused]] const bool there = fs::exists(folder_, ignored);\n")]),
    Mutant("temporary-random", "a temporary name is no other process's", BASE,
           [(FILES, "fmt::format(\".{}.{}.{}{}\", path.filename().string(), process_tag(), count++, temporary_ending);",
             "fmt::format(\".{}.{}.{}{}\", path.filename().string(), \"0\", count++, temporary_ending);")]),
    Mutant("write-once", "of two who write a file once, the first wins", BASE,
           [(FILES, "if (::link(temporary.path().c_str(), path.c_str()) != 0 && errno != EEXIST) fail(\"write\", path);",
             "if (::rename(temporary.path().c_str(), path.c_str()) != 0) fail(\"write\", path);")]),

    # --- Duties, service and daemon ----------------------------------------------------------------------------------
    Mutant("S10", "what a certificate that is configured no more left in the DNS goes", DAEMON,
           [(SERVICE, "if (state.values.empty()) continue;", "if (state.values.size() < 100) continue;")]),
    Mutant("S11-ca", "another CA in the configuration gives another certificate", DAEMON,
           [(ISSUING, "return issued.directory_url == ca().directory_url && issued.key_type", "return issued.key_type")]),
    Mutant("S11-type", "another key type in the configuration gives another certificate", DAEMON,
           [(ISSUING, " && issued.key_type == crypto::to_text(wanted.key_type) &&", " &&")]),
    Mutant("S17", "a CA that asked for a pause is left alone", DAEMON,
           [(KEEPER, "if (duty.due() > now || (duty.wait() && !kept_.asked)) return false;",
             "if (duty.due() > now) return false;"),
            (ISSUING, "  co_return !closed_until();", "  co_return true;")]),
    Mutant("S19", "a trouble with the state file is forgotten when the file can be read", DAEMON,
           [(KEEPER, "} else if (duty->due() > kept_.now()) {", "} else if (duty->due() > kept_.now() && duty != &loading_) {")]),
    Mutant("S21", "the state directory never changes while the daemon runs", DAEMON,
           [("daemon/daemon.cpp", "if (config.state_directory == state_directory_) co_return config;",
             "if (!config.state_directory.empty()) co_return config;")]),
    Mutant("keep-others", "one target's trouble delays no other", DAEMON,
           [(KEEPER, "      if (!kept_.loaded) break;", "      if (!kept_.loaded || duty->trouble()) break;")]),
    Mutant("keep-intent", "a deployment is on the disk before it begins", DAEMON,
           [(DEPLOYMENT, "  deployment.begun = wanted;\n  co_await kept_.save();\n", "  deployment.begun = wanted;\n")]),
    Mutant("keep-expired", "live/ is not put back to a certificate that has ended", DAEMON,
           [(KEPT, "return former.served_until > now() + shortest_use();", "return former.served_until > Time{};")]),
    Mutant("keep-settle", "after a crash between the state and the link, the link follows", DAEMON,
           [(LOADING, "  if (live != state.issued->generation) co_await kept_.settle_live();\n",
             "  if (live == 0U) co_await kept_.settle_live();\n")]),
    Mutant("keep-damaged", "a certificate in service whose files cannot be used is ordered anew", DAEMON,
           [(LOADING, "kept_.damaged = fault.has_value();", "kept_.damaged = fault.has_value() && live == 0U;")]),
    Mutant("keep-about", "a trouble ends when something else is asked for", DAEMON,
           [(KEEPER, "(!trouble->about.empty() && trouble->about != duty->about())",
             "(!trouble->about.empty() && duty->about().empty())")]),
    Mutant("keep-target", "files that are missing at a target are put there again", DAEMON,
           [(LOADING, "  if (is_there) co_return;", "  if (is_there || current.number != 0) co_return;")]),
    Mutant("keep-revision", "what another host has done meanwhile is read", DAEMON,
           [(KEEPER, "if (error.cause() == store::other_revision) kept_.loaded = false;",
             "if (error.cause() == store::other_revision) kept_.asked = false;")]),
    Mutant("flight-failure", "a failure is shared by all who waited for the work", BASE,
           [(FLIGHT, "      flight->failure = std::current_exception();\n      throw;", "      throw;")]),
    Mutant("flight-once", "what several want at the same time is done once", BASE,
           [(FLIGHT, "    while (const auto flight = flight_) {", "    for (const auto flight = flight_; flight && flight->value;) {")]),
]
