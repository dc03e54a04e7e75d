#include "host/engine/adjust.hpp"

#include <algorithm>

#include "host/base/time.hpp"
#include "host/engine/order_record.hpp"
#include "host/engine/price_gate.hpp"
#include "stipend/ascii.hpp"

namespace stipend::engine {

Result<AdjustRequest> parse_adjustment(const Json& json) {
    STIPEND_LET(stretch, parse_stretch(json, true));
    AdjustRequest out{std::move(stretch)};
    if (const auto* usd = json.find("usd"); usd != nullptr && !usd->is(Json::Kind::null)) {
        STIPEND_SET(out.usd, Usd::parse(usd->text()));
    }
    const auto* dry_run = json.find("dry_run");
    out.dry_run = dry_run != nullptr && dry_run->truth();
    return out;
}

namespace {

// The base for each whole interval of the requested time that stayed unpaid. INVALID where there is none.
Result<Usd> unpaid_amount(const AdjustRequest& request, const AdjustTerms& terms,
                          const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now) {
    std::int64_t unpaid_ns = 0;
    for (const auto& piece : unpaid) {
        // A request names a piece by its text, which is cut to milliseconds: that must not lose its last interval.
        const auto from = std::max(request.from, floor_ms(piece.from));
        const auto to = std::min(request.to, floor_ms(piece.to.value_or(now)));
        unpaid_ns += std::max<std::int64_t>(0, to - from);
    }
    const auto periods = unpaid_ns / terms.interval_ns;
    if (periods == 0) {
        return fail(STIPEND_E_INVALID, "nothing to pay: no whole interval of ", request.orchestrator,
                    " stayed unpaid from ", utc_text(request.from), " to ", utc_text(request.to),
                    "; give the amount with --usd");
    }
    return terms.base.times(periods);
}

// What the amount is worth at the rate of `terms`, which is there unless the amount is 0.
Result<SignedWei> signed_wei_of(Usd usd, const AdjustTerms& terms) {
    if (usd.zero()) return SignedWei();
    STIPEND_LET(magnitude, usd.negative() ? Usd().minus(usd) : Result<Usd>(usd));
    STIPEND_LET(wei, usd_to_units(magnitude.count_e8(), {}, *terms.usd_per_eth_e8, terms.decimals));
    STIPEND_LET(out, SignedWei::of(wei));
    return usd.negative() ? out.negated() : Result<SignedWei>(out);
}

}  // namespace

Result<ledger::Adjustment> make_adjustment(const AdjustRequest& request, const AdjustTerms& terms,
                                           const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now) {
    if (request.to > now) {
        return fail(STIPEND_E_INVALID, "\"to\": got ", utc_text(request.to), ", want a time that has been: it is ",
                    utc_text(now));
    }
    STIPEND_LET(usd, request.usd ? Result<Usd>(*request.usd) : unpaid_amount(request, terms, unpaid, now));
    if (!usd.zero() && !terms.usd_per_eth_e8) {
        return fail(STIPEND_E_UNAVAILABLE, "no exchange rate is accepted at present: ", request.orchestrator,
                    ": got an amount of ", usd.text(), " USD, want --excuse, or a host that has a rate");
    }
    STIPEND_LET(signed_wei, signed_wei_of(usd, terms));
    return ledger::Adjustment{.key = cat("adjust:", terms.orchestrator, ":", request.from, ":", request.to),
                              .orchestrator = terms.orchestrator,
                              .from = request.from,
                              .to = request.to,
                              .wei = signed_wei,
                              .usd = usd,
                              .reason = request.reason,
                              .by = request.by,
                              .at = now};
}

namespace {

// Of the configuration; the first one, where it has none of that id.
const config::PaidNetwork& network_of(const config::Settings& settings, ledger::NetworkId id,
                                      const std::vector<ledger::Network>& known) {
    const auto row = std::ranges::find(known, id, &ledger::Network::id);
    for (const auto& one : settings.networks) {
        const auto chain = static_cast<std::uint64_t>(one.chain_id);
        if (row != known.end() && row->is_of(chain, ascii::to_lower(one.asset.token))) return one;
    }
    return settings.network;
}

}  // namespace

Result<AdjustTerms> terms_without_host(ledger::Ledger& ledger, const config::Settings& settings,
                                       const std::string& orchestrator, stipend_unix_ns now) {
    STIPEND_LET(state, ledger.load_state());
    const auto known = std::find_if(state.orchestrators.begin(), state.orchestrators.end(),
                                    [&](const auto& record) { return record.row.key == orchestrator; });
    if (known == state.orchestrators.end()) {
        return fail(STIPEND_E_INVALID, "no such orchestrator: ", orchestrator);
    }
    AdjustTerms terms{.orchestrator = known->row.id,
                      .interval_ns = settings.payment.interval_ns,
                      .base = settings.payment.base,
                      .usd_per_eth_e8 = std::nullopt};
    for (const auto& configured : settings.orchestrators) {
        if (configured.id == orchestrator) terms.base = config::base_of(settings, configured);
    }
    const auto network = std::ranges::find(state.networks, known->row.network, &ledger::Network::id);
    if (network != state.networks.end()) terms.decimals = network->decimals;
    const auto last = std::ranges::find(state.prices, known->row.network, &ledger::Price::network);
    if (last != state.prices.end()) {
        const auto& price = network_of(settings, known->row.network, state.networks).price;
        PriceGate gate(
            {.min = price.min, .max = price.max, .max_step_ppm = price.max_step_ppm, .max_age_ns = price.max_age_ns});
        gate.restore({last->usd_per_eth_e8, last->at, 0, last->source});
        terms.usd_per_eth_e8 = gate.rate(now);
    }
    return terms;
}

namespace {

Json to_json(const ledger::Adjustment& row) {
    Json out = Json::object();
    out.set("key", row.key);
    out.set("amount_usd", row.usd.text());
    out.set("amount_wei", row.wei.text());
    out.set("from", utc_text(row.from));
    out.set("to", utc_text(row.to));
    return out;
}

}  // namespace

Result<Json> record_adjustment(ledger::Ledger& ledger, const AdjustRequest& request, const AdjustTerms& terms,
                               stipend_unix_ns now, const api::OrderKey& key) {
    STIPEND_LET(before, answer_before(ledger, key));
    if (before && !request.dry_run) return std::move(*before);
    STIPEND_LET(unpaid, ledger.unpaid(terms.orchestrator, UINT32_MAX));
    STIPEND_LET(row, make_adjustment(request, terms, unpaid, now));
    ledger::Batch batch;
    batch.adjustments.push_back(row);
    auto answer = to_json(row);
    if (request.dry_run) return answer.append("dry_run", true);
    record_answer(batch, key, answer, now);
    STIPEND_TRY(ledger.commit(batch));
    return answer;
}

}  // namespace stipend::engine
