// The ledger and the chain are compared, and nothing changes.
#include <doctest/doctest.h>

#include <set>

#include "host/settlement/reconcile.hpp"
#include "tests/unit/settlement/model_chain.hpp"

using namespace settlement_test;

namespace {

// Answers at once what it was given.
class GivenChain final : public Chain {
  public:
    Account now = {};
    std::vector<Sighting> seen = {};
    std::size_t most_at_once = 0;
    std::set<Hash> unreadable = {};
    bool fails = false;

    void account(std::function<void(Result<Account>)> done) override {
        if (fails) return done(fail(STIPEND_E_UNAVAILABLE, "no node answers"));
        done(now);
    }
    void sight(const std::vector<Sought>& ids, std::function<void(Result<std::vector<Sighting>>)> done) override {
        most_at_once = std::max(most_at_once, ids.size());
        std::vector<Sighting> out;
        for (const auto& id : ids) {
            if (unreadable.contains(id.id)) return done(fail(STIPEND_E_UNAVAILABLE, "an answer of 3 MB"));
            out.push_back(seen.at(id.id[30] * 256U + id.id[31] - 1));
        }
        done(out);
    }
    void estimate(const SlotWork&, std::function<void(Result<Estimate>)>) override { FAIL("it is only asked"); }
    void sign(const SlotWork&, std::function<void(Result<SignedBytes>)>) override { FAIL("it is only asked"); }
    void recall(std::uint64_t, std::function<void(Result<std::vector<SignedBytes>>)>) override {
        FAIL("it is only asked");
    }
    void send(const std::string&, std::function<void(Result<void>)>) override { FAIL("it is only asked"); }
};

struct Compared {
    GivenChain chain;
    std::shared_ptr<LedgerSide> ledger = std::make_shared<LedgerSide>();

    explicit Compared(std::uint64_t slots) {
        for (std::uint64_t i = 0; i < slots; ++i) {
            Hash id{};
            id[30] = static_cast<std::uint8_t>((i + 1) / 256);
            id[31] = static_cast<std::uint8_t>((i + 1) % 256);
            ledger::Slot row{.id = static_cast<SlotId>(i + 1), .payer = payer_address, .nonce = i, .payouts = 1};
            ledger::SlotEnd end{.slot = row.id, .id = id, .block_hash = id, .block = i + 1, .executed = true};
            ledger->ended.push_back({.row = row, .end = end});
            ledger->open.last_slots = {row};
            chain.seen.push_back(
                {.phase = Phase::in_block, .block_hash = id, .block = i + 1, .executed = true, .final = true});
        }
        chain.now = {.chain_id = 1, .payer = payer_address, .next_slot = slots, .final_next_slot = slots};
    }
    Result<Reconciled> run() {
        std::optional<Result<Reconciled>> out;
        reconcile(chain, ledger, [&](Result<Reconciled> done) { out = std::move(done); });
        REQUIRE(out.has_value());
        return *out;
    }
    std::string finding() {
        const auto done = run();
        REQUIRE((done.ok() && done->bad == 1));
        return done->findings.front();
    }
};

}  // namespace

TEST_CASE("where ledger and chain agree nothing is found, also over many parts") {
    Compared it(200);
    const auto done = it.run();
    REQUIRE(done.ok());
    CHECK((done->bad == 0 && done->slots == 200 && done->next_nonce == 200));
    CHECK(it.chain.most_at_once == 64);
}

TEST_CASE("a restored ledger without nonces differs from a chain that has executed one") {
    Compared it(0);
    CHECK(it.run()->bad == 0);
    it.chain.now.next_slot = 3;
    CHECK(it.run()->bad == 0);  // the payer's key had a life before this ledger
    it.ledger->restored = true;
    CHECK(it.finding().find("has executed nonce 2 of") != std::string::npos);
    it.chain.now.next_slot = 0;
    CHECK(it.run()->bad == 0);
}

TEST_CASE("each difference is found") {
    Compared it(3);
    auto& seen = it.chain.seen[1];
    SUBCASE("a transaction that is gone") {
        seen.phase = Phase::unknown;
        CHECK(it.finding().find("nonce 1 of") == 0);
    }
    SUBCASE("another block") {
        seen.block_hash[0] = 1;
        CHECK(it.finding().find("but was seen for good in block 2") != std::string::npos);
    }
    SUBCASE("another outcome") {
        seen.executed = false;
        CHECK(it.finding().find("was not executed") != std::string::npos);
    }
    SUBCASE("something else was moved than the ledger has") {
        seen.executed = false;
        seen.other = "the token moved 990, want 1000";
        CHECK(
            it.finding().find("did something else than it should, which this ledger does not have: the token moved") !=
            std::string::npos);
    }
    SUBCASE("another fee") {
        seen.fee = *SignedWei::parse("5");
        CHECK(it.finding().find("cost 5 wei, but this ledger has 0") != std::string::npos);
    }
    SUBCASE("other payees of a batch") {
        auto& slot = it.ledger->ended[1];
        slot.row.payouts = 2;
        slot.paid = {true, false};
        seen.paid = {false, true};
        CHECK(it.finding().find("paid others of its payees") != std::string::npos);
    }
    SUBCASE("a block that can be replaced") {
        seen.final = false;
        CHECK(it.finding().find("can still be replaced") != std::string::npos);
    }
    SUBCASE("a nonce that this ledger does not know") {
        it.chain.now.next_slot = 4;
        CHECK(it.finding().find("the chain has executed nonce 3") == 0);
    }
    SUBCASE("a chain that is behind") {
        it.chain.now.next_slot = 2;
        CHECK(it.finding().find("the chain's next one is 2") != std::string::npos);
    }
    SUBCASE("endpoints that contradict each other") {
        it.chain.now.disagree = true;
        CHECK(it.finding().find("contradict") != std::string::npos);
    }
}

TEST_CASE("what did something else than it should is no finding once a person has settled it, as either") {
    Compared it(2);
    for (std::size_t i = 0; i < 2; ++i) {
        it.chain.seen[i].executed = false;
        it.chain.seen[i].other = "the token moved 990, want 1000";
        it.ledger->ended[i].end.by = "api:admin";
        it.ledger->ended[i].end.executed = i == 0;
    }
    CHECK(it.run()->bad == 0);
    // The chain says now that it did what it should, against what the person has ordered.
    it.chain.seen[1].other.clear();
    it.chain.seen[1].executed = true;
    CHECK(it.finding().find("was executed, but this ledger has the opposite") != std::string::npos);
}

TEST_CASE("a chain that does not answer is no agreement") {
    Compared it(1);
    it.chain.fails = true;
    const auto done = it.run();
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().message.find("no node answers") != std::string::npos);
}

TEST_CASE("a transaction that cannot be read is a finding, and all others are compared") {
    Compared it(200);
    const auto& ended = it.ledger->ended;
    it.chain.unreadable = {ended[70].end.id, ended[72].end.id};
    it.chain.seen[150].fee = *SignedWei::parse("7");
    const auto done = it.run();
    REQUIRE(done.ok());
    CHECK((done->bad == 3 && done->slots == 198));
    CHECK(done->findings.front().find("nonce 70 of") == 0);
    CHECK(done->findings.front().find("cannot be read: an answer of 3 MB") != std::string::npos);
    CHECK(done->findings.back().find("nonce 150 of") == 0);
}

TEST_CASE("three in a row that cannot be read are a chain that does not answer") {
    Compared it(200);
    for (const auto at : {0U, 1U, 2U}) it.chain.unreadable.insert(it.ledger->ended[at].end.id);
    const auto done = it.run();
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().message.find("an answer of 3 MB") != std::string::npos);
}
