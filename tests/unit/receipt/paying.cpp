#include "tests/unit/receipt/paying.hpp"

#include <doctest/doctest.h>

namespace receipt_test {

Paying::Paying() {
    Batch batch;
    batch.generations.push_back(generation(2));
    batch.generations.back().terms = cat("{\"base_usd\":\"10\"", amounts_by_host, "}");
    batch.prices = {Price{.usd_per_eth_e8 = 2000 * e8, .at = start_ns, .source = "fixed"}};
    commit(batch);
}

Key Paying::must_key() const {
    auto opened = Key::open(folder.path());
    if (!opened) FAIL(opened.error().message);
    return std::move(opened).value();
}

void Paying::decide() {
    auto batch = engine.cycle();
    for (auto& one : batch.decisions) {
        one.decision.generation = 2;
        one.after.generation = 2;
        one.after.memory_generation = 2;
    }
    commit(batch);
}

void Paying::pass(std::int64_t by_ns) {
    for (OrchestratorId id = 1; id <= engine.count(); ++id) engine.state(id).due_at += by_ns;
}

stipend_unix_ns Paying::now() {
    return engine.state(1).due_at;
}

void Paying::adjust(OrchestratorId id, const char* wei) {
    Batch batch;
    batch.adjustments.push_back({.key = cat("adjust-", ++adjustments_),
                                 .orchestrator = id,
                                 .from = start_ns,
                                 .to = start_ns + minute_ns,
                                 .wei = *SignedWei::parse(wei),
                                 .usd = Usd::of_e8(*wei == '-' ? -2 * e8 : 2 * e8),
                                 .reason = "our gateway was <down> & out",
                                 .by = "admin",
                                 .at = now()});
    commit(batch);
}

void Paying::pay_by_hand(OrchestratorId id) {
    Batch batch;
    batch.payments.push_back(paid(id, cat("by-hand-", ++adjustments_).c_str(), now()));
    commit(batch);
}

PayoutId Paying::reserve(OrchestratorId id) {
    Batch batch;
    auto row = payout(++last_payout_, id, owed_to(*ledger, id).c_str());
    row.at = now();
    batch.payouts.reserved.push_back(row);
    commit(batch);
    return row.id;
}

void Paying::settle(PayoutId id, bool paid) {
    ++last_slot_;
    Batch bind;
    bind.payouts.slots.push_back(slot(last_slot_, static_cast<std::uint64_t>(6 + last_slot_)));
    bind.payouts.steps.push_back(payout_step(id, PayoutState::bound, last_slot_));
    commit(bind);
    Batch sign;
    sign.payouts.attempts.push_back(attempt(last_slot_, static_cast<std::uint8_t>(last_slot_), !paid));
    commit(sign);
    Batch end;
    end.payouts.ends.push_back(slot_end(last_slot_, static_cast<std::uint8_t>(last_slot_)));
    end.payouts.steps.push_back(payout_step(id, paid ? PayoutState::paid : PayoutState::returned, last_slot_));
    end.payouts.steps.back().at = now();
    commit(end);
}

std::string Paying::receipt(PayoutId id, std::string_view of) {
    const auto out = make_receipt(*ledger, ns, id, of, key);
    if (!out) FAIL(out.error().message);
    REQUIRE(out->has_value());
    return **out;
}

Json Paying::parsed_receipt(PayoutId id) {
    return *parse_json(receipt(id));
}

Statement Paying::statement(const char* month, OrchestratorId id) {
    const auto out = make_statement(*ledger, ns, cat("orch-", id), "", *parse_month(month), now());
    if (!out) FAIL(out.error().message);
    REQUIRE(out->has_value());
    return **out;
}

std::string problems_of(std::string_view text, std::string_view address) {
    const auto checked = check_document(text, address);
    if (!checked) return checked.error().message;
    std::string out;
    for (const auto& problem : checked->problems) out += cat(problem, "\n");
    return out;
}

std::string edited(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace receipt_test
