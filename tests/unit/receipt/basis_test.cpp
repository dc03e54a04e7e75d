// What a decision follows from, and by which payout it is paid: as its receipt says.
#include <doctest/doctest.h>

#include "host/base/time.hpp"
#include "tests/unit/receipt/paying.hpp"

using namespace receipt_test;

namespace {

DecisionBasis basis_of(Paying& it, const DecisionQuery& query) {
    auto found = it.ledger->decision_basis(query);
    REQUIRE_MESSAGE(found.ok(), (found.ok() ? "" : found.error().message));
    REQUIRE(found->has_value());
    return std::move(**found);
}

// Each decision that the receipt lists has the payout of that receipt, and the rate.
std::size_t check_receipt(Paying& it, PayoutId id) {
    std::size_t decisions = 0;
    const auto receipt = it.parsed_receipt(id);
    for (const auto& item : receipt.find("items")->items()) {
        if (item.find("kind")->text() != "decision") continue;
        ++decisions;
        const auto basis = basis_of(it, {.seq = std::stoll(item.find("seq")->text())});
        CHECK(std::to_string(basis.decision.epoch) == item.find("epoch")->text());
        CHECK(basis.key == receipt.find("receipt")->find("orchestrator")->text());
        CHECK(basis.chained);
        REQUIRE(basis.price.has_value());
        CHECK(scaled_text(basis.price->usd_per_eth_e8, 8) == item.find("usd_per_eth")->text());
        CHECK(basis.price->source == "fixed");
        CHECK(basis.payout == (basis.decision.wei.zero() ? std::nullopt : std::optional(id)));
    }
    return decisions;
}

}  // namespace

TEST_CASE(
    "a decision is paid by the payout whose receipt lists it, also where others were returned, and from archives") {
    Paying it;
    for (int round = 0; round < 3; ++round) it.decide();
    const auto first = it.pay(1);
    for (int round = 0; round < 2; ++round) it.decide();
    const auto returned = it.reserve(1);
    CHECK(basis_of(it, {.orchestrator = "orch-1", .epoch = 5}).payout == returned);  // is to pay it
    it.settle(returned, false);
    CHECK(basis_of(it, {.orchestrator = "orch-1", .epoch = 5}).payout == std::nullopt);
    it.decide();
    const auto second = it.pay(1);
    it.decide();
    CHECK(basis_of(it, {.orchestrator = "orch-1", .epoch = 7}).payout == std::nullopt);
    CHECK(check_receipt(it, first) == 3);
    CHECK(check_receipt(it, second) == 3);
    REQUIRE(it.ledger->archive(start_ns + 2 * minute_ns, it.folder / "first.db").ok());
    REQUIRE(it.ledger->archive(start_ns + 20 * minute_ns, it.folder / "second.db").ok());
    CHECK(check_receipt(it, first) == 3);
    CHECK(check_receipt(it, second) == 3);
    for (std::uint64_t epoch = 1; epoch <= 7; ++epoch) {
        const auto basis = basis_of(it, {.orchestrator = "orch-2", .epoch = epoch});
        CHECK(basis_of(it, {.orchestrator = "orch-2", .at = stipend::floor_ms(basis.decision.decided_at) - 1}).seq ==
              basis.seq);
        CHECK(basis.previous.has_value() == (epoch > 1));
    }
    std::filesystem::remove(it.folder / "first.db");
    const auto gone = it.ledger->decision_basis({.orchestrator = "orch-1", .epoch = 1});
    REQUIRE(gone.ok());
    CHECK(!gone->has_value());
    CHECK(basis_of(it, {.orchestrator = "orch-1", .epoch = 6}).payout == second);
    // The first row of the second archive follows one of the file that is gone.
    for (std::uint64_t epoch = 3; epoch <= 7; ++epoch) {
        for (const auto* key : {"orch-1", "orch-2", "orch-3"}) {
            const auto found = it.ledger->decision_basis({.orchestrator = key, .epoch = epoch});
            REQUIRE(found.ok());
            if (*found) CHECK((*found)->chained);
        }
    }
}

TEST_CASE("a row that was changed is not the one that the chain has") {
    Paying it;
    it.decide();
    const auto seq = basis_of(it, {.orchestrator = "orch-1", .epoch = 1}).seq;
    CHECK(basis_of(it, {.seq = seq}).chained);
    it.ledger.reset();
    tamper(it.folder / "ledger.db", cat("UPDATE decision SET latency_ns = latency_ns + 1 WHERE seq = ", seq));
    it.ledger = must_open(it.folder / "ledger.db");
    CHECK(!basis_of(it, {.seq = seq}).chained);
}
