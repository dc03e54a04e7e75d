#include "host/receipt/receipt.hpp"

#include "host/base/time.hpp"
#include "host/ledger/merkle.hpp"
#include "host/receipt/item.hpp"
#include "stipend/hex.hpp"

namespace stipend::receipt {
namespace {

std::string chain_hex(const ledger::Hash& hash) {
    return "0x" + hex_encode(hash);
}

std::string checksummed(std::string_view address) {
    const auto parsed = ethereum::Address::parse(address);
    return parsed ? parsed->text() : std::string(address);
}

Json formula_of(const ledger::Generation& row) {
    const bool by_host = row.terms.find(ledger::amounts_by_host) != std::string::npos;
    return Json::object()
        .append("kind", formula_kind)
        .append("generation", row.id)
        .append("policy", row.policy)
        .append("version", row.version)
        .append("revision", row.revision)
        .append("so_sha256", row.so_sha256)
        .append("config_keccak256", hex_encode(keccak256(row.config)))
        .append("terms_keccak256", hex_encode(keccak256(row.terms)))
        .append("amounts", by_host ? "host" : "policy");
}

Json decision_of(const ledger::AccountLine& line) {
    const auto& row = *line.decision;
    const auto& rate = line.usd_per_eth_e8;
    return Json::object()
        .append("kind", decision_kind)
        .append("seq", line.seq)
        .append("epoch", row.epoch)
        .append("from", utc_text(row.period_from))
        .append("to", utc_text(row.decided_at))
        .append("formula", row.generation)
        .append("uptime_percent", row.uptime_ppm ? Json(ppm_to_percent(*row.uptime_ppm)) : Json())
        .append("tier", row.tier)
        .append("multiplier", scaled_text(row.multiplier_ppm, 6))
        .append("usd", row.usd.text())
        .append("usd_per_eth", rate ? Json(scaled_text(*rate, 8)) : Json())
        .append("wei", row.wei.text())
        .append("evidence_keccak256", hex_encode(row.evidence.body_hash));
}

Json adjustment_of(const ledger::AccountLine& line) {
    const auto& row = *line.adjustment;
    return Json::object()
        .append("kind", adjustment_kind)
        .append("seq", line.seq)
        .append("key", row.key)
        .append("at", utc_text(row.at))
        .append("from", utc_text(row.from))
        .append("to", utc_text(row.to))
        .append("usd", row.usd.text())
        .append("wei", row.wei.text())
        .append("reason", row.reason);
}

Json payment_of(const ledger::AccountLine& line) {
    const auto& row = *line.payment;
    return Json::object()
        .append("kind", payment_kind)
        .append("seq", line.seq)
        .append("payment_id", row.id)
        .append("at", utc_text(row.at))
        .append("usd", row.usd.text())
        .append("usd_per_eth", scaled_text(row.usd_per_eth_e8, 8))
        .append("wei", row.wei.text())
        .append("call_type", row.call_type)
        .append("reference", row.reference);
}

// The items of a payout as they are passed: their text, as long as they are listed, and their root.
struct Collected {
    Totals totals = {};
    ledger::MerkleTree tree = {};
    std::string list = {};

    Result<void> add(const ledger::AccountLine& line) {
        STIPEND_TRY(add_to(totals, line));
        const auto text = item_of(line).dump();
        tree.add(text);
        if (tree.size() > max_listed_items) {
            list = std::string();
            return {};
        }
        list += cat(list.empty() ? "\n" : ",\n", text);
        return {};
    }
};

Json body_of(const ledger::PayoutFacts& paid, const ledger::Namespace& ns, const Collected& items, const Key& key) {
    const auto& [decisions, adjustments, payments] = items.totals;
    auto body = Json::object()
                    .append("version", 1)
                    .append("kind", "stipend receipt")
                    .append("namespace", ns.text())
                    .append("network", paid.network.chain_id)
                    .append("orchestrator", paid.key)
                    .append("payout", paid.row.id)
                    .append("to", checksummed(paid.row.to))
                    .append("asset", paid.network.is_token() ? checksummed(paid.network.token) : "native");
    if (paid.network.is_token()) body.append("symbol", paid.network.symbol).append("decimals", paid.network.decimals);
    return body.append("wei", paid.row.wei.text())
        .append("payer", checksummed(paid.slot.payer))
        .append("nonce", paid.slot.nonce)
        .append("transaction", chain_hex(paid.end.id))
        .append("payouts_in_transaction", paid.slot.payouts)
        .append("block", paid.end.block)
        .append("block_hash", chain_hex(paid.end.block_hash))
        .append("reserved_at", utc_text(paid.row.at))
        .append("paid_at", utc_text(paid.last.at))
        .append("ledger_seq", paid.last_seq)
        .append("ledger_hash", hex_encode(paid.chain))
        .append("decisions", decisions.count)
        .append("decisions_wei", decisions.wei.text())
        .append("adjustments", adjustments.count)
        .append("adjustments_wei", adjustments.wei.text())
        .append("payments", payments.count)
        .append("payments_wei", payments.wei.text())
        .append("items", items.tree.size())
        .append("items_root", hex_encode(items.tree.root()))
        .append("signer", key.address());
}

Result<void> check_paid(const ledger::PayoutFacts& paid, const Totals& totals) {
    const auto damaged = [&](auto&&... what) {
        return fail(STIPEND_E_INVALID, "ledger: payout ", paid.row.id, ": ", what...,
                    ": run `stipend ledger verify` for details");
    };
    STIPEND_LET(sum, totals.sum());
    if (sum != paid.row.wei) return damaged("its items sum to ", sum.text(), " wei, want ", paid.row.wei.text());
    if (paid.slot.id == 0 || paid.end.slot != paid.slot.id || !paid.end.executed) return damaged("no slot paid it");
    if (paid.end.block != paid.last.block || paid.end.block_hash != paid.last.block_hash) {
        return damaged("it is paid in block ", paid.last.block, ", and its slot ended in block ", paid.end.block);
    }
    return {};
}

}  // namespace

Result<void> add_to(Totals& totals, const ledger::AccountLine& line) {
    if (line.adjustment != nullptr) return totals.adjustments.add(line.adjustment->wei);
    if (line.payment != nullptr) return totals.payments.add(line.payment->wei);
    if (line.decision == nullptr) return {};
    STIPEND_LET(wei, SignedWei::of(line.decision->wei));
    return totals.decisions.add(wei);
}

Json item_of(const ledger::AccountLine& line) {
    if (line.generation != nullptr) return formula_of(*line.generation);
    if (line.decision != nullptr) return decision_of(line);
    if (line.elsewhere != nullptr) {
        return Json::object()
            .append("kind", elsewhere_kind)
            .append("from_epoch", line.elsewhere->first_epoch)
            .append("to_epoch", line.elsewhere->last_epoch);
    }
    return line.adjustment != nullptr ? adjustment_of(line) : payment_of(line);
}

Result<std::optional<std::string>> make_receipt(ledger::Ledger& book, const ledger::Namespace& ns,
                                                ledger::PayoutId payout, std::string_view orchestrator,
                                                const Key& key) {
    Collected items;
    STIPEND_LET(paid, book.paid_by(payout, [&](const ledger::AccountLine& line) { return items.add(line); }));
    if (!paid || (!orchestrator.empty() && paid->key != orchestrator)) return std::optional<std::string>();
    if (paid->state != ledger::PayoutState::paid) {
        return fail(STIPEND_E_STATE, "payout ", payout, " has no receipt: it is ", payout_state_name(paid->state),
                    ", want paid");
    }
    STIPEND_TRY(check_paid(*paid, items.totals));
    const auto body = body_of(*paid, ns, items, key).dump();
    const bool listed = items.tree.size() <= max_listed_items;
    return std::optional(cat("{\"receipt\":", body, ",\"signature\":\"", key.sign(body),
                             "\",\"items\":", listed ? cat("[", items.list, "\n]") : std::string("null"), "}\n"));
}

}  // namespace stipend::receipt
