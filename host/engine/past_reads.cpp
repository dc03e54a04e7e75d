#include "host/engine/past_reads.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "host/base/time.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/history.hpp"
#include "host/ledger/past.hpp"
#include "host/runtime/role.hpp"
#include "stipend/abi/monitor.h"
#include "stipend/json_parse.hpp"
#include "stipend/usd.hpp"

namespace stipend::engine {
namespace {

constexpr std::uint64_t most_spans = 5'000;  // of one answer

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

Json amounts_of(const ledger::PastStanding& standing, const std::vector<ledger::Network>& networks) {
    auto out = Json::array();
    for (const auto& amounts : standing.amounts) {
        const auto network = std::ranges::find(networks, amounts.network, &ledger::Network::id);
        if (network == networks.end()) continue;  // `stipend ledger verify` reports it
        out.push(Json::object()
                     .append("chain_id", network->chain_id)
                     .append("token", network->is_token() ? Json(network->token) : Json())
                     .append("asset", network->symbol)
                     .append("decimals", network->decimals)
                     .append("owed", amounts.owed.text())
                     .append("under_way", amounts.under_way.text())
                     .append("paid", amounts.paid.text()));
    }
    return out;
}

const char* verdict_of(std::int32_t verdict) {
    switch (verdict) {
        case STIPEND_UP:
            return "up";
        case STIPEND_DOWN:
            return "down";
        case STIPEND_DEGRADED:
            return "degraded";
        default:
            return "unknown";
    }
}

// A row of the chain for people: times and dollars as texts, without whose row it is.
Json readable(const Json& body) {
    static constexpr std::array<std::string_view, 5> left_out{"id", "key", "namespace", "orchestrator", "at"};
    static constexpr std::array<std::string_view, 6> times{"from",    "to",         "first_seen_at",
                                                           "rate_at", "due_before", "due_after"};
    auto out = Json::object();
    for (const auto& [name, value] : body.members()) {
        if (std::ranges::find(left_out, name) != left_out.end()) continue;
        const auto count = value.is(Json::Kind::number) ? parse_integer(value.text()) : std::nullopt;
        if (count && std::ranges::find(times, name) != times.end()) {
            out.append(name, utc_text(*count));
        } else if (count && name == "usd_e8") {
            out.append("amount_usd", Usd::of_e8(*count).text());
        } else if (count && name == "usd_per_eth_e8") {
            out.append("usd_per_unit", Usd::of_e8(*count).text());
        } else if (name == "wei") {
            out.append("amount_wei", value);
        } else {
            out.append(name, value);
        }
    }
    return out;
}

// "manual payment" is manual_payment.
std::string member_name(std::string_view kind) {
    std::string out(kind);
    std::ranges::replace(out, ' ', '_');
    return out;
}

}  // namespace

PastReads::PastReads(const config::Settings& settings)
    : file_(ledger::database_file(settings.state)), ns_(runtime::namespace_of(settings)) {}

Result<PastReads::Then> PastReads::then(stipend_unix_ns at, std::string_view orchestrator) {
    STIPEND_LET(past, ledger::past(file_, ns_, at, orchestrator.empty() ? std::nullopt : std::optional(orchestrator)));
    Then out{.row = past.row};
    out.items.reserve(past.standings.size());
    for (auto& one : past.standings) {
        auto item = Json::object().append("orchestrator", one.key);
        auto amounts = amounts_of(one, past.networks);
        item.append("last", one.last ? ledger::decision_json({one.seq, one.key, std::move(*one.last)}) : Json());
        out.items.push_back(item.append("amounts", std::move(amounts)));
    }
    return out;
}

Result<std::optional<api::ListPart>> PastReads::changes(std::string_view orchestrator,
                                                        std::optional<std::int64_t> before, std::size_t limit) {
    STIPEND_LET(found, ledger::history(file_, ns_, {.key = orchestrator, .before = before, .limit = limit}));
    if (!found) return std::optional<api::ListPart>();
    api::ListPart out{.next = found->next};
    for (const auto& line : found->lines) {
        STIPEND_LET(body, parse_json(line.body));
        const auto* found_at = body.find("at");
        const auto at = found_at == nullptr ? std::nullopt : parse_integer(found_at->text());
        auto item = Json::object()
                        .append("row", line.seq)
                        .append("kind", member_name(ledger::kind_name(line.kind)))
                        .append("at", at ? Json(utc_text(*at)) : Json())
                        .append("not_before", line.not_before ? Json(utc_text(*line.not_before)) : Json());
        out.items.push_back(item.append("details", readable(body)));
    }
    return std::optional(std::move(out));
}

Result<std::optional<Json>> PastReads::observations(std::string_view orchestrator, stipend_unix_ns from,
                                                    stipend_unix_ns to) {
    STIPEND_LET(found, ledger::observed(file_, ns_, orchestrator, from, to, most_spans));
    if (!found) return std::optional<Json>();
    auto targets = Json::array();
    for (std::size_t at = 0; at < found->spans.size();) {
        const auto& target = found->spans[at].target;
        auto spans = Json::array();
        for (; at < found->spans.size() && found->spans[at].target == target; ++at) {
            const auto& one = found->spans[at];
            spans.push(Json::object()
                           .append("from", utc_text(std::max(one.from, from)))
                           .append("to", utc_text(std::min(one.to, to)))
                           .append("verdict", verdict_of(one.verdict)));
        }
        targets.push(Json::object().append("target", target).append("spans", std::move(spans)));
    }
    return std::optional(Json::object()
                             .append("orchestrator", orchestrator)
                             .append("from", utc_text(from))
                             .append("to", utc_text(to))
                             .append("complete", found->complete)
                             .append("targets", std::move(targets)));
}

}  // namespace stipend::engine
