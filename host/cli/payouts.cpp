// Payouts on a chain: listed and shown from the ledger, moved by a running host, or here where none runs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/engine/payout_order.hpp"
#include "host/ledger/payout_json.hpp"
#include "stipend/ascii.hpp"

namespace stipend::cli {
namespace {

void print_line(const Json& one) {
    const auto reason = shown(one, "reason");
    fmt::print("{:>6}  {:<9}  {:>24}  {}  {}  {}{}\n", shown(one, "payout"), shown(one, "state"),
               amount_of(one, "amount_wei"), shown(one, "to"), shown(one, "since"), shown(one, "orchestrator"),
               reason == "-" ? "" : ": " + reason);
}

void print_steps(const Json& one) {
    const auto* steps = one.find("steps");
    if (steps == nullptr) return;
    fmt::print("  {}  reserved\n", shown(one, "reserved_at"));
    for (const auto& step : steps->items()) {
        const auto reason = shown(step, "reason");
        const auto by = shown(step, "by");
        const auto block = shown(step, "block");
        fmt::print("  {}  {}{}{}{}\n", shown(step, "at"), shown(step, "state"),
                   block == "-" ? "" : " in block " + block, reason == "-" ? "" : ": " + reason,
                   by == "-" ? "" : ", by " + by);
    }
}

void print_whole(const Json& one) {
    fmt::print("payout {} of {}: {} to {}: {}\n", shown(one, "payout"), shown(one, "orchestrator"),
               amount_of(one, "amount_wei"), shown(one, "to"), shown(one, "state"));
    print_steps(one);
    const auto* nonce = one.find("nonce");
    if (nonce != nullptr && nonce->is(Json::Kind::object)) {
        fmt::print("nonce {} of {}, slot {}\n", shown(*nonce, "nonce"), shown(*nonce, "payer"), shown(*nonce, "slot"));
        if (const auto* attempts = nonce->find("attempts")) {
            for (const auto& attempt : attempts->items()) {
                fmt::print("  {}  signed {}  cap {} wei, tip {} wei, gas {}\n", shown(attempt, "signed_at"),
                           shown(attempt, "transaction"), shown(attempt, "cap_wei"), shown(attempt, "tip_wei"),
                           shown(attempt, "gas"));
            }
        }
        if (const auto* end = nonce->find("end"); end != nullptr && end->is(Json::Kind::object)) {
            fmt::print("  {}  executed {} in block {}, for {} wei\n", shown(*end, "at"), shown(*end, "transaction"),
                       shown(*end, "block"), shown(*end, "fee_wei"));
        }
    }
    if (one.find("waits_for") != nullptr) {
        fmt::print("waits for: {}\n", shown(one, "waits_for"));
        if (shown(one, "next_at") != "-") fmt::print("goes on at: {}\n", shown(one, "next_at"));
        if (shown(one, "command") != "-") fmt::print("next: {}\n", shown(one, "command"));
    }
}

// One network of the answer of a comparison.
void print_compared(const Json& one) {
    if (const auto name = shown(one, "network"); !name.empty() && name != "-") fmt::print("network {}: ", name);
    fmt::print("{} transactions of the ledger compared with the chain; {} payouts are open\n",
               shown(one, "transactions"), shown(one, "open_payouts"));
    fmt::print("payer {}: next nonce {}, {}\n", shown(one, "payer"), shown(one, "next_nonce"),
               amount_of(one, "funds_wei"));
    if (const auto* findings = one.find("findings")) {
        for (const auto& finding : findings->items()) fmt::print("differs: {}\n", printable_line(finding.text()));
    }
    if (const auto more = shown(one, "more"); more != "0") fmt::print("and {} more\n", more);
}

int print(const Json& one, bool json) {
    if (json) {
        fmt::print("{}\n", one.dump());
    } else {
        print_whole(one);
    }
    return exit_good;
}

// The id that the ledger has for a network of the configuration.
Result<ledger::NetworkId> network_of(const config::Settings& settings, const std::string& name, ledger::Ledger& book) {
    const auto wanted = std::ranges::find(settings.networks, name, &config::PaidNetwork::name);
    if (wanted == settings.networks.end()) {
        std::string names;
        for (const auto& one : settings.networks) names += cat(names.empty() ? "" : ", ", one.name);
        return fail(STIPEND_E_INVALID, "--network: got ", name,
                    ", want one of `networks`: ", names.empty() ? "there are none" : names);
    }
    STIPEND_LET(known, book.networks());
    const auto token = ascii::to_lower(wanted->asset.token);
    for (const auto& one : known) {
        if (one.is_of(static_cast<std::uint64_t>(wanted->chain_id), token)) return one.id;
    }
    return fail(STIPEND_E_INVALID, "--network: the ledger has nothing of ", name, " yet");
}

// Where no host runs. The ledger's lock keeps out a host that starts meanwhile.
Result<Json> order_in_ledger(const config::Settings& settings, const Json& body) {
    STIPEND_LET(order, engine::parse_payout_order(body));
    STIPEND_LET(book, open_ledger(settings, ledger::Access::read_write));
    return engine::order_without_host(*book, order, SystemClock().now());
}

}  // namespace

int payout_list(const PayoutOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto book = open_ledger(*settings, ledger::Access::read_only);
    if (!book) return print_error(book.error());
    ledger::PayoutFilter filter{.open = !options.all};
    if (!options.network.empty()) {
        auto network = network_of(*settings, options.network, **book);
        if (!network) return print_error(network.error());
        filter.network = *network;
    }
    const auto read = (*book)->payouts(filter, [&](const ledger::PayoutLine& line) -> Result<void> {
        if (!options.orchestrator.empty() && line.key != options.orchestrator) return {};
        const auto json = ledger::payout_json(line);
        if (options.common.json) {
            fmt::print("{}\n", json.dump());
        } else {
            print_line(json);
        }
        return {};
    });
    if (!read) return print_error(read.error());
    std::fflush(stdout);
    return exit_good;
}

int payout_show(const PayoutOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    // A running host knows what it waits for as well.
    const auto answer = ask_host(*settings, "POST", "/payouts/show", Json::object().append("payout", options.payout));
    if (answer) return print(*answer, options.common.json);
    const auto book = open_ledger(*settings, ledger::Access::read_only);
    if (!book) return print_error(book.error());
    const auto found = (*book)->payout(options.payout);
    if (!found) return print_error(found.error());
    if (!*found) return print_error(fail(STIPEND_E_INVALID, "payout ", options.payout, ": there is none"));
    return print(ledger::payout_json(**found), options.common.json);
}

int payout_order(const PayoutOptions& options, const std::string& action) {
    auto body = Json::object()
                    .append("payout", options.payout)
                    .append("action", action)
                    .append("reason", options.reason)
                    .append("by", requester());
    if (!options.as.empty()) body.append("as", options.as);
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    auto answer = ask_host(*settings, "POST", "/payouts/order", body);
    if (!answer && answer.error().status == STIPEND_E_UNAVAILABLE) answer = order_in_ledger(*settings, body);
    if (!answer) return print_error(answer.error());
    return print(*answer, options.common.json);
}

int reconcile(const ReconcileOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::place, options.common, status);
    if (!settings) return status;
    auto body = Json::object().append("by", requester());
    if (!options.since.empty()) body.append("since", options.since);
    if (options.accept_foreign) body.append("accept_foreign", true);
    if (options.accept_restored) body.append("accept_restored", true);
    if (options.network) body.append("network", *options.network);
    const auto answer = ask_host(*settings, "POST", "/reconcile", body, slow_ms);
    if (!answer) return print_error(answer.error());
    const auto* clean = answer->find("clean");
    const bool good = clean != nullptr && clean->is(Json::Kind::boolean) && clean->truth();
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
        return good ? exit_good : exit_bad;
    }
    const auto* networks = answer->find("networks");
    for (const auto& one : networks == nullptr ? std::vector<Json>() : networks->items()) print_compared(one);
    const auto* accepted = answer->find("restored_accepted");
    if (accepted != nullptr && accepted->truth()) fmt::print("the restored ledger pays again\n");
    fmt::print("{}\n", good ? "they agree" : "they differ: see payouts.md, \"When the ledger and the chain differ\"");
    return good ? exit_good : exit_bad;
}

}  // namespace stipend::cli
