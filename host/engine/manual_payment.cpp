#include "host/engine/manual_payment.hpp"

#include "host/ledger/invariants.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t longest_symbol = 32;

// Whether it is the one that the recipient is owed is looked at later.
Result<std::string> asset_of(const Json& json) {
    const auto* asset = json.find("asset");
    if (asset == nullptr || asset->is(Json::Kind::null)) return std::string();
    const bool text = asset->is(Json::Kind::string);
    if (text && !asset->text().empty() && asset->text().size() <= longest_symbol) return asset->text();
    return fail(STIPEND_E_INVALID, "\"asset\": got ",
                text ? cat("\"", clip(asset->text(), longest_symbol), "\"") : asset->kind_name(),
                ", want the symbol of what the recipient is owed, such as ETH, or none for US dollars");
}

std::string text_of_member(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member != nullptr && member->is(Json::Kind::string) ? member->text() : std::string();
}

}  // namespace

Result<ManualRequest> parse_manual_payment(const Json& json) {
    ManualRequest out;
    STIPEND_SET(out.asset, asset_of(json));
    out.stated = out.asset.empty() ? ledger::Stated::usd : ledger::Stated::wei;
    const auto* amount = json.find("amount");
    if (amount == nullptr || !(amount->is(Json::Kind::string) || amount->is(Json::Kind::number))) {
        return fail(STIPEND_E_INVALID, "\"amount\": want a decimal number, or a text of one");
    }
    if (out.stated == ledger::Stated::usd) {
        const auto usd = Usd::parse(amount->text());
        if (!usd) return fail(STIPEND_E_INVALID, "\"amount\": ", usd.error().message);
        out.usd = *usd;
    } else {
        const auto wei = Wei::parse(amount->text());
        const auto entry = wei ? SignedWei::of(*wei) : Result<SignedWei>(wei.error());
        if (!entry) return fail(STIPEND_E_INVALID, "\"amount\": ", entry.error().message);
        out.wei = *entry;
    }
    if (out.usd.negative() || (out.usd.zero() && out.wei.zero())) {
        return fail(STIPEND_E_INVALID, "\"amount\": got ", clip(amount->text(), 90),
                    ", want more than 0: an adjustment takes back what was paid too much");
    }
    out.recipient = text_of_member(json, "recipient");
    out.orchestrator = text_of_member(json, "orchestrator_id");
    out.call_type = text_of_member(json, "call_type");
    out.reference = text_of_member(json, "reference");
    out.by = text_of_member(json, "by");
    if (out.recipient.empty()) return fail(STIPEND_E_INVALID, "\"recipient\": want a text");
    if (out.call_type.empty()) return fail(STIPEND_E_INVALID, "\"call_type\": want a text");
    const auto* metadata = json.find("metadata");
    out.metadata = metadata == nullptr ? "{}" : metadata->dump();
    return out;
}

Result<ledger::ManualPayment> make_manual_payment(const ManualRequest& request, std::string id,
                                                  ledger::OrchestratorId to, const Quote& rate, std::uint32_t decimals,
                                                  stipend_unix_ns now) {
    ledger::ManualPayment out{.id = std::move(id),
                              .orchestrator = to,
                              .usd = request.usd,
                              .wei = request.wei,
                              .stated = request.stated,
                              .usd_per_eth_e8 = rate.usd_per_eth_e8,
                              .rate_at = rate.observed_at,
                              .rate_source = rate.source,
                              .call_type = request.call_type,
                              .reference = request.reference,
                              .metadata = request.metadata,
                              .by = request.by,
                              .at = now,
                              .decimals = decimals};
    if (request.stated == ledger::Stated::usd) {
        STIPEND_LET(wei, usd_to_units(request.usd.count_e8(), {}, rate.usd_per_eth_e8, decimals));
        STIPEND_SET(out.wei, SignedWei::of(wei));
    } else {
        STIPEND_SET(out.usd, ledger::worth_in_usd(request.wei, rate.usd_per_eth_e8, decimals));
    }
    if (const auto broken = ledger::broken_invariant(out)) return fail(STIPEND_E_INVALID, *broken);
    return out;
}

Json manual_payment_answer(const ledger::ManualPayment& row, const std::string& orchestrator,
                           std::optional<std::int64_t> latency_ns) {
    return Json::object()
        .append("success", true)
        .append("payment_id", row.id)
        .append("orchestrator_assigned", orchestrator)
        .append("estimated_latency_ms", latency_ns ? Json(*latency_ns / ns_per_ms) : Json())
        .append("status", "recorded")
        .append("amount_usd", row.usd.text())
        .append("amount_wei", row.wei.text())
        .append("usd_per_eth", scaled_text(row.usd_per_eth_e8, 8))
        .append("rate_source", row.rate_source);
}

}  // namespace stipend::engine
