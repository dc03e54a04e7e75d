// Objections to decisions: listed and shown from the ledger, answered by a running host, or here where none runs.
#include <fmt/format.h>

#include <cstdio>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/engine/objection.hpp"
#include "host/ledger/decision_json.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t text_on_a_line = 80;

void print_line(const Json& one) {
    fmt::print("{} {} epoch {} {}: {}\n", shown(one, "objected_at"), shown(one, "orchestrator"), shown(one, "epoch"),
               shown(one, "state"), printable_line(clip(text_of(one, "text"), text_on_a_line)));
}

void print_whole(const Json& one) {
    fmt::print("{} objects to epoch {}, at {}, by {}:\n{}\n", shown(one, "orchestrator"), shown(one, "epoch"),
               shown(one, "objected_at"), shown(one, "by"), printable(text_of(one, "text")));
    if (text_of(one, "state") != "answered") return fmt::print("not answered yet\n");
    const auto paid = text_of(one, "amount_usd") == "-"
                          ? std::string("nothing is paid")
                          : cat("paid: ", shown(one, "amount_usd"), " USD, ", shown(one, "amount_wei"), " wei");
    fmt::print("answered at {}, by {}; {}:\n{}\n", shown(one, "answered_at"), shown(one, "answered_by"), paid,
               printable(text_of(one, "answer")));
}

// Where no host runs. The ledger's lock keeps out a host that starts meanwhile, and keeps us out where one runs that
// did not answer.
Result<Json> answer_in_ledger(const config::Settings& settings, const Json& body) {
    STIPEND_LET(request, engine::parse_objection_answer(body));
    STIPEND_LET(book, open_ledger(settings, ledger::Access::read_write));
    const auto now = SystemClock().now();
    STIPEND_LET(terms, engine::terms_without_host(*book, settings, request.orchestrator, now));
    STIPEND_LET(done, engine::record_objection_answer(*book, request, terms, now));
    if (!done) return fail(STIPEND_E_INVALID, "no such objection");
    return std::move(done->shown);
}

}  // namespace

int objection_list(const ObjectionOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto book = open_ledger(*settings, ledger::Access::read_only);
    if (!book) return print_error(book.error());
    ledger::ObjectionFilter filter;
    for (std::optional<ledger::ObjectionPlace> next = ledger::ObjectionPlace{}; next;) {
        auto read = (*book)->objections(filter, [&](const ledger::ObjectionLine& line) -> Result<void> {
            if (line.answer && !options.all) return {};
            if (!options.orchestrator.empty() && line.key != options.orchestrator) return {};
            const auto json = ledger::objection_json(line);
            if (options.common.json) {
                fmt::print("{}\n", json.dump());
            } else {
                print_line(json);
            }
            return {};
        });
        if (!read) return print_error(read.error());
        next = *read;
        if (next && !next->open && !options.all) break;
        if (next) filter.open = next->open, filter.at = next->at;
    }
    std::fflush(stdout);
    return exit_good;
}

int objection_show(const ObjectionOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto book = open_ledger(*settings, ledger::Access::read_only);
    if (!book) return print_error(book.error());
    const auto balances = (*book)->balances();
    if (!balances) return print_error(balances.error());
    for (const auto& one : *balances) {
        if (one.key != options.orchestrator) continue;
        const auto found = (*book)->objection(one.orchestrator, options.epoch);
        if (!found) return print_error(found.error());
        if (!*found) break;
        const auto json = ledger::objection_json(**found);
        if (options.common.json) {
            fmt::print("{}\n", json.dump());
        } else {
            print_whole(json);
        }
        return exit_good;
    }
    return print_error(
        fail(STIPEND_E_INVALID, "no objection of ", printable_line(options.orchestrator), " to epoch ", options.epoch));
}

int objection_answer(const ObjectionOptions& options) {
    auto body = Json::object()
                    .append("orchestrator", options.orchestrator)
                    .append("epoch", options.epoch)
                    .append("reason", options.reason)
                    .append("by", requester());
    if (!options.usd.empty()) body.append("usd", options.usd);
    int status = exit_good;
    auto settings = settings_for(Reads::place, options.common, status);
    if (!settings) return status;
    auto answer = ask_host(*settings, "POST", "/objections/answer", body);
    if (!answer && answer.error().status == STIPEND_E_UNAVAILABLE) {
        settings = settings_for(Reads::terms, options.common, status);
        if (!settings) return status;
        answer = answer_in_ledger(*settings, body);
    }
    if (!answer) return print_error(answer.error());
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        print_whole(*answer);
    }
    return exit_good;
}

}  // namespace stipend::cli
