// Verifies that the wei of each decision are what its dollars were worth at the price that the chain has for it.
#include "host/ledger/verify.hpp"

namespace stipend::ledger {
namespace {

// Of an earlier file; more that wait for their price are reported at once.
constexpr std::size_t max_unpriced = 4 * max_batch_rows;

// Whether a policy may have computed the wei and, apart from them, the dollars, which it rounded down: the wei are
// worth the dollars or up to 1e-8 more.
bool may_be_of(const Wei& wei, Usd usd, std::int64_t rate) {
    const auto least = usd_to_wei(usd.count_e8(), {}, rate);
    const auto next = usd.plus(Usd::of_e8(1));
    const auto most = next ? usd_to_wei(next->count_e8(), {}, rate) : Result<Wei>(next.error());
    return least && most && !(wei < *least) && !(*most < wei);
}

std::string finding(const Wei& wei, Usd usd, const std::string& want) {
    return cat("amount: got ", wei.text(), " wei for ", usd.text(), " USD, want ", want);
}

}  // namespace

Result<void> Verifier::load_conversions() {
    STIPEND_LET(rows, main_.prepare("SELECT id FROM generation WHERE instr(terms, ?) > 0"));
    rows.bind_text(amounts_by_host);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        converted_by_host_.insert(rows.i64());
    }
}

// The price that the next decisions are converted at. Before hosts computed amounts, a transaction wrote its price
// behind its decisions.
void Verifier::take_price(Seq seq, const std::string& body) {
    const auto stated = network_of_price(body);
    if (!stated || (*stated != 0 && !networks_.contains(*stated))) {
        return bad(cat("price seq ", seq), "belongs to no network");
    }
    auto& price = prices_[*stated];
    price = {.seq = seq, .body = body, .rate = rate_of_price(body)};
    if (*stated != 0) return;
    for (const auto& one : unpriced_) {
        if (!price.rate || !may_be_of(one.wei, one.usd, *price.rate)) bad(one.name, one.what);
    }
    unpriced_.clear();
}

void Verifier::check_amount(const StoredDecision& stored) {
    const auto& d = stored.decision;
    if (d.usd.negative() || stored.malformed) return;  // reported
    if (d.usd.zero() && d.wei.zero()) return;
    const bool exact = converted_by_host_.contains(d.generation);
    const auto network = network_at(d.orchestrator, stored.seq);
    const auto price = prices_.find(network);
    const auto rate = price == prices_.end() ? std::nullopt : price->second.rate;
    const auto decimals = decimals_of(network);
    if (!rate && unchecked_ != 0) return;  // the price may be in an archive that is missing
    const auto want = rate ? usd_to_units(d.usd.count_e8(), {}, *rate, decimals)
                           : Result<Wei>(fail(STIPEND_E_UNAVAILABLE, "a price before it"));
    if (exact || network != 0 ? want && d.wei == *want : rate && may_be_of(d.wei, d.usd, *rate)) return;
    auto text = finding(d.wei, d.usd,
                        want ? cat(want->text(), " at ", scaled_text(rate.value_or(0), 8),
                                   network == 0 ? " USD per ETH" : " USD for one whole unit")
                             : want.error().message);
    if (exact || network != 0 || unpriced_.size() == max_unpriced) return bad(name_of(stored), std::move(text));
    unpriced_.push_back({name_of(stored), std::move(text), d.wei, d.usd});
}

void Verifier::report_unpriced() {
    // Without any price there is nothing to hold them to.
    const auto price = prices_.find(0);
    if (price != prices_.end() && price->second.rate) {
        for (const auto& one : unpriced_) bad(one.name, one.what);
    }
    unpriced_.clear();
}

}  // namespace stipend::ledger
