// The engine's part in manual payments: which payee is meant, the rate, and the limits.
#include "host/auth/eth_address.hpp"
#include "host/engine/engine.hpp"
#include "stipend/ascii.hpp"

namespace stipend::engine {
namespace {

bool is_address(std::string_view text) {
    return text.size() == 42 && (text.starts_with("0x") || text.starts_with("0X"));
}

}  // namespace

// By its id, else by its payout address, which several may share.
Result<std::optional<registry::PayeeIndex>> Engine::recipient_of(const ManualRequest& request) const {
    using Found = std::optional<registry::PayeeIndex>;
    const auto active = [&](Found at) { return at && is_active(*at) ? at : Found(); };
    const auto& wanted = request.orchestrator;
    const auto by_key = active(payees_.find(request.recipient));
    if (by_key && (wanted.empty() || wanted == request.recipient)) return by_key;
    if (by_key) {
        return fail(STIPEND_E_INVALID, "\"orchestrator_id\": got \"", wanted, "\", but the recipient is \"",
                    request.recipient, "\"");
    }
    if (!is_address(request.recipient)) return Found();
    if (!auth::EthAddress::parse(request.recipient)) {
        return fail(STIPEND_E_INVALID, "\"recipient\": got ", clip(request.recipient, 64),
                    ", want an address of 0x and 40 hex digits with a right checksum, or in one case");
    }
    const auto address = ascii::to_lower(request.recipient);
    Found out;
    std::size_t count = 0;
    bool known = false;
    for (registry::PayeeIndex at = 0; at < payees_.size(); ++at) {
        if (!is_active(at) || ascii::to_lower(payees_[at].payout_address) != address) continue;
        known = true;
        if (!wanted.empty() && payees_.key(at) != wanted) continue;
        out = at;
        ++count;
    }
    if (count > 1) {
        return fail(STIPEND_E_INVALID, "\"recipient\": ", count,
                    " orchestrators have this payout address: name one by \"orchestrator_id\"");
    }
    if (known && !out) {
        return fail(STIPEND_E_INVALID, "\"orchestrator_id\": got \"", wanted, "\", which has another payout address");
    }
    return out;
}

Result<std::optional<ledger::ManualPayment>> Engine::reserve_manual(const ManualRequest& request, std::string id,
                                                                    stipend_unix_ns now) {
    if (failure_) return fail(STIPEND_E_UNAVAILABLE, "the ledger failed: nothing is paid until the host is restarted");
    if (draining_) return fail(STIPEND_E_UNAVAILABLE, "the host is stopping");
    STIPEND_LET(payee, recipient_of(request));
    if (!payee) return std::optional<ledger::ManualPayment>();
    // A payee that is not written yet has no account.
    if (*payee >= first_unwritten_) return fail(STIPEND_E_UNAVAILABLE, "the recipient is being recorded");
    if (!is_on_network(*payee)) return fail(STIPEND_E_UNAVAILABLE, "the recipient is being moved to another network");
    const auto& network = *network_of(*payee);
    if (!request.asset.empty() && request.asset != network.terms.row.symbol) {
        return fail(STIPEND_E_INVALID, "\"asset\": got \"", request.asset, "\", want \"", network.terms.row.symbol,
                    "\", with the amount in ", network.terms.row.is_token() ? "its smallest units" : "wei",
                    ", or none, with the amount in US dollars: the recipient is owed no other");
    }
    const auto quote = network.price.quote(now);
    if (!quote) {
        return fail(STIPEND_E_UNAVAILABLE, "no exchange rate is accepted at present: nothing is booked");
    }
    STIPEND_LET(
        row, make_manual_payment(request, std::move(id), payees_.id(*payee), *quote, network.terms.row.decimals, now));
    const auto [verdict, used] =
        limits_.look(row.usd, limits_.with_manual(row.orchestrator, slots_[*payee].state, now), current().limits, now);
    if (verdict == SpendLimits::Verdict::over_own) {
        return fail(STIPEND_E_LIMIT, "limits.accrual_per_orchestrator_day is reached: ", used.text(), " USD today");
    }
    if (verdict == SpendLimits::Verdict::over_all) {
        return fail(STIPEND_E_LIMIT, "limits.accrual_per_day is reached: ", used.text(), " USD today");
    }
    limits_.add_manual(row.orchestrator, row.usd, now);
    return std::optional(std::move(row));
}

}  // namespace stipend::engine
