#include "host/engine/explain_json.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/keccak.hpp"
#include "host/base/time.hpp"
#include "host/config/expand.hpp"
#include "host/ledger/demand_rule.hpp"
#include "host/ledger/payout_json.hpp"
#include "stipend/abi/monitor.h"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/services_below.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t ns_per_minute = 60 * ns_per_s;

std::string exact_seconds(std::int64_t ns) {
    return scaled_text(ns, 9);
}

bool names_a_secret(std::string name) {
    for (auto& c : name) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return config::secret_name(name);
}

// A configuration without what its names say are secrets.
Json without_secrets(const Json& json) {
    if (json.is(Json::Kind::array)) {
        auto out = Json::array();
        for (const auto& item : json.items()) out.push(without_secrets(item));
        return out;
    }
    if (!json.is(Json::Kind::object)) return json;
    auto out = Json::object();
    for (const auto& [name, value] : json.members()) {
        out.append(name, names_a_secret(name) ? Json("<secret>") : without_secrets(value));
    }
    return out;
}

struct Seen {
    std::int64_t rows = 0, up_ns = 0, down_ns = 0;
};
using SeenTargets = std::map<std::string, Seen>;

// How long the host itself saw what, by target, within the period.
SeenTargets seen_in(const ledger::DecisionBasis& basis) {
    const auto& d = basis.decision;
    SeenTargets targets;
    for (const auto& row : basis.observations) {
        auto& seen = targets[row.target];
        const auto length =
            std::max<std::int64_t>(std::min(row.to, d.decided_at) - std::max(row.from, d.period_from), 0);
        ++seen.rows;
        if (row.verdict == STIPEND_UP) seen.up_ns += length;
        if (row.verdict == STIPEND_DOWN || row.verdict == STIPEND_DEGRADED) seen.down_ns += length;
    }
    return targets;
}

Json observations_of(const ledger::Decision& d, const SeenTargets& targets) {
    const auto whole = d.decided_at - d.period_from;
    auto list = Json::array();
    for (const auto& [target, seen] : targets) {
        list.push(Json::object()
                      .append("target", target)
                      .append("observations", seen.rows)
                      .append("up_seconds", exact_seconds(seen.up_ns))
                      .append("down_seconds", exact_seconds(seen.down_ns))
                      .append("unknown_seconds",
                              exact_seconds(std::max<std::int64_t>(whole - seen.up_ns - seen.down_ns, 0))));
    }
    return list;
}

// Those that were down or degraded for a time, the longest first.
Json down_of(const SeenTargets& targets) {
    std::vector<std::pair<std::int64_t, std::string_view>> down;
    for (const auto& [target, seen] : targets) {
        if (seen.down_ns > 0) down.emplace_back(-seen.down_ns, target);
    }
    std::ranges::sort(down);
    auto list = Json::array();
    for (const auto& [minus_ns, target] : down) {
        list.push(Json::object().append("service", target).append("seconds", exact_seconds(-minus_ns)));
    }
    return list;
}

// Those that the answer gave less than 100 % of its window. A failed job's reason may be of anyone's making.
ServicesBelow below_in(const ledger::Decision& d) {
    if (d.job != ledger::Job::ok) return {};
    return read_services_below(d.reason).value_or(ServicesBelow());
}

Json services_of(const ledger::Decision& d, const ServicesBelow& below) {
    const std::int64_t window_s = d.evidence.window_s;
    auto list = Json::array();
    for (const auto& one : below.services) {
        const auto not_up_us = (ppm_one - one.up_ppm) * window_s;
        list.push(Json::object()
                      .append("service", one.name)
                      .append("uptime_ppm", one.up_ppm)
                      .append("not_up_seconds", window_s > 0 ? Json(scaled_text(not_up_us, 6)) : Json()));
    }
    return list;
}

Json evidence_of(const ledger::Decision& d) {
    const auto& e = d.evidence;
    return Json::object()
        .append("http_status", e.http_status)
        .append("served_by", e.served_by)
        .append("latency_seconds", exact_seconds(e.latency_ns))
        .append("window_seconds", e.window_s)
        .append("body_keccak256", hex_encode(e.body_hash));
}

Json generation_of(const ledger::DecisionBasis& basis, const Recomputed& again) {
    const auto& g = basis.generation;
    const auto config = parse_json(again.config_json);
    return Json::object()
        .append("generation", g.id)
        .append("since", utc_text(g.at))
        .append("policy", g.policy)
        .append("version", g.version)
        .append("revision", g.revision)
        .append("so_sha256", g.so_sha256)
        .append("config_keccak256", hex_encode(keccak256(g.config)))
        .append("terms_keccak256", hex_encode(keccak256(g.terms)))
        .append("base_usd", again.base.text())
        .append("interval_seconds", exact_seconds(again.interval_ns))
        .append("terms_from", again.present_terms ? "present configuration" : "ledger")
        .append("settings", config ? without_secrets(*config) : Json());
}

Json tier_of(const ledger::Decision& d, const Recomputed& again) {
    auto out = Json::object().append("tier", d.tier);
    const bool known = again.range && d.tier == again.range->decision.tier;
    const auto& of_all = again.range ? again.range->decision : stipend_decision();
    return out.append("from_ppm", known ? Json(again.range->from_ppm) : Json())
        .append("to_ppm", known ? Json(again.range->to_ppm) : Json())
        .append("multiplier", known ? Json(scaled_text(of_all.multiplier_ppm, 6)) : Json())
        .append("delay_seconds", exact_seconds(d.delay_ns));
}

Json penalty_of(const ledger::Decision& d, const Recomputed& again) {
    const auto interval = again.interval_ns;
    // In parts per million, rounded down: a cap or a whole second may make it no whole multiple.
    const auto factor =
        interval > 0 ? static_cast<std::int64_t>(static_cast<__int128>(d.penalty_ns) * ppm_one / interval) : 0;
    return Json::object()
        .append("failures_before", again.failures_before)
        .append("failures", d.consecutive_failures)
        .append("seconds", exact_seconds(d.penalty_ns))
        .append("intervals", scaled_text(factor, 6))
        .append("suspended", d.suspended);
}

// What comes to a minute until the next check, rounded down.
std::string usd_per_minute(const ledger::Decision& d) {
    const auto until_next = d.next_at - d.due_at;
    if (until_next <= 0) return "0";
    const auto e8 = static_cast<__int128>(d.usd.count_e8()) * ns_per_minute / until_next;
    return Usd::of_e8(static_cast<std::int64_t>(e8)).text();
}

// The factor that the policy was given, and what it was computed from.
Json demand_of(const ledger::DecisionBasis& basis) {
    if (!basis.demand || basis.decision.demand_ppm == 0) return {};
    const auto& row = *basis.demand;
    return Json::object()
        .append("factor", scaled_text(row.factor_ppm, 6))
        .append("wanted", scaled_text(ledger::wanted_ppm(row), 6))
        .append("before", scaled_text(row.before_ppm, 6))
        .append("at", utc_text(row.at))
        .append("cycle_seconds", exact_seconds(row.at - row.from))
        .append("jobs_asked", row.asked)
        .append("jobs_failed", row.failed)
        .append("jobs_waiting", row.waiting)
        .append("orchestrators_up", row.up)
        .append("supply", row.supply)
        .append("target", scaled_text(row.rules.target_ppm, 6));
}

Json rate_of(const ledger::DecisionBasis& basis) {
    if (!basis.price) return {};
    const auto& price = *basis.price;
    return Json::object()
        .append("usd_per_unit", scaled_text(price.usd_per_eth_e8, 8))
        .append("source", price.source)
        .append("at", utc_text(price.at))
        .append("age_seconds", exact_seconds(std::max<std::int64_t>(basis.decision.decided_at - price.at, 0)));
}

// usd x 10^decimals / rate, and what the one division cuts off of the last unit, to six places.
Json conversion_of(const ledger::DecisionBasis& basis) {
    const auto& d = basis.decision;
    const auto& network = basis.network;
    const auto amount = SignedWei::of(d.wei);
    auto out = Json::object()
                   .append("asset", network.symbol)
                   .append("chain", network.chain_id)
                   .append("token", network.is_token() ? Json(network.token) : Json())
                   .append("decimals", network.decimals)
                   .append("amount_wei", d.wei.text())
                   .append("amount", amount ? Json(network.text_of(*amount)) : Json());
    if (!basis.price || d.usd.negative()) return out.append("cut_off", Json());
    using boost::multiprecision::cpp_int;
    const cpp_int whole = cpp_int(d.usd.count_e8()) * boost::multiprecision::pow(cpp_int(10), network.decimals);
    const cpp_int rest = whole % basis.price->usd_per_eth_e8;
    return out.append("cut_off",
                      scaled_text(static_cast<std::int64_t>(rest * ppm_one / basis.price->usd_per_eth_e8), 6));
}

Json corrections_of(const ledger::DecisionBasis& basis) {
    auto out = Json::array();
    for (const auto& row : basis.adjustments) {
        out.push(Json::object()
                     .append("kind", "adjustment")
                     .append("at", utc_text(row.at))
                     .append("from", utc_text(row.from))
                     .append("to", utc_text(row.to))
                     .append("amount_usd", row.usd.text())
                     .append("amount_wei", row.wei.text())
                     .append("reason", row.reason));
    }
    for (const auto& row : basis.pardons) {
        out.push(Json::object()
                     .append("kind", "pardon")
                     .append("at", utc_text(row.at))
                     .append("from", utc_text(row.from))
                     .append("to", utc_text(row.to))
                     .append("due_before", utc_text(row.due_before))
                     .append("due_after", utc_text(row.due_after))
                     .append("reason", row.reason));
    }
    return out;
}

Json payout_of(const std::optional<ledger::PayoutHistory>& payout) {
    if (!payout) return {};
    const auto whole = ledger::payout_json(*payout);
    auto out = Json::object();
    for (const auto* name : {"payout", "state", "to", "since"}) {
        const auto* member = whole.find(name);
        out.append(name, member == nullptr ? Json() : *member);
    }
    const bool paid = payout->line.state == ledger::PayoutState::paid && payout->end;
    return out.append("transaction", paid ? Json("0x" + hex_encode(payout->end->id)) : Json());
}

Json recomputed_of(const ledger::DecisionBasis& basis, const Recomputed& again) {
    static constexpr std::string_view froms[] = {"stored", "decided again", "assumed"};
    auto differences = Json::array();
    for (const auto& one : again.differences) {
        differences.push(Json::object()
                             .append("field", one.field)
                             .append("recorded", one.recorded)
                             .append("recomputed", one.recomputed));
    }
    return Json::object()
        .append("same", again.decision ? Json(again.same()) : Json())
        .append("row_is_of_the_chain", basis.chained)
        .append("by_sha256", again.decision ? Json(again.by_sha256) : Json())
        .append("state_before", froms[static_cast<std::size_t>(again.state)])
        .append("differences", std::move(differences))
        .append("error", again.error.empty() ? Json() : Json(again.error));
}

}  // namespace

Json explanation_json(const ledger::DecisionBasis& basis, const Recomputed& again,
                      const std::optional<ledger::PayoutHistory>& payout) {
    const auto& d = basis.decision;
    const auto seen = seen_in(basis);
    const auto below = below_in(d);
    return Json::object()
        .append("decision", basis.seq)
        .append("orchestrator", basis.key)
        .append("epoch", d.epoch)
        .append("period", Json::object()
                              .append("from", utc_text(d.period_from))
                              .append("to", utc_text(d.decided_at))
                              .append("seconds", exact_seconds(d.decided_at - d.period_from))
                              .append("due_at", utc_text(d.due_at)))
        .append("observed", observations_of(d, seen))
        .append("down", down_of(seen))
        .append("services", services_of(d, below))
        .append("services_left_out", below.more)
        .append("job", d.job == ledger::Job::ok ? "ok" : "failed")
        .append("evidence", evidence_of(d))
        .append("uptime_ppm", d.uptime_ppm ? Json(*d.uptime_ppm) : Json())
        .append("coverage_ppm", d.coverage_ppm)
        .append("generation", generation_of(basis, again))
        .append("tier", tier_of(d, again))
        .append("penalty", penalty_of(d, again))
        .append("demand", demand_of(basis))
        .append("action", d.action == ledger::Action::pay ? "pay" : "skip")
        .append("multiplier", scaled_text(d.multiplier_ppm, 6))
        .append("amount_usd", d.usd.text())
        .append("usd_per_minute", usd_per_minute(d))
        .append("seconds_until_next", exact_seconds(d.next_at - d.due_at))
        .append("next_at", utc_text(d.next_at))
        .append("rate", rate_of(basis))
        .append("conversion", conversion_of(basis))
        .append("reason", d.reason)
        .append("corrections", corrections_of(basis))
        .append("payout", payout_of(payout))
        .append("recomputed", recomputed_of(basis, again));
}

}  // namespace stipend::engine
