#include "tests/unit/settlement/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

namespace settlement_test {

using namespace ledger_test;

Rules rules() {
    Rules out;
    out.chain_id = 42161;
    out.min_payout = *SignedWei::parse("1000");
    out.max_cap = *SignedWei::parse("1000000");
    const auto plenty = *SignedWei::parse("1000000000000000000000000");
    out.limits = {.per_payment = plenty, .per_payee_day = plenty, .per_day = plenty};
    out.confirmations = 2;
    out.reserve_every_ns = 1;
    return out;
}

std::string World::address(OrchestratorId id) {
    auto digits = std::to_string(id);
    return "0x" + std::string(40 - digits.size(), '0') + digits;
}

World::World(OrchestratorId payees) : payees_(payees) {
    ledger_ = must_open(folder_ / "ledger.db");
    engine_ = std::make_unique<Engine>(*ledger_, payees);
    start();
}

void World::start() {
    const auto state = ledger_->load_state();
    REQUIRE_MESSAGE(state.ok(), (state.ok() ? "" : state.error().message));
    numbering_ = {};
    settler_ = std::make_unique<Settler>(settings, static_cast<Chain&>(*this), static_cast<Book&>(*this), numbering_,
                                         state->payouts.front());
}

void World::restart() {
    queue_.clear();
    settler_.reset();
    engine_.reset();
    ledger_.reset();
    ledger_ = must_open(folder_ / "ledger.db");
    engine_ = std::make_unique<Engine>(*ledger_);
    crashed_ = false;
    crash_step_ = 0;
    start();
}

void World::crash_at(std::uint64_t step, Crash how) {
    steps_ = 0;
    crash_step_ = step;
    crash_how_ = how;
}

void World::lose(double share, std::uint32_t seed) {
    lost_ = share;
    random_.seed(seed);
}

void World::run() {
    settler_->set_rules(settings);
    settler_->run(++now_);
    while (!queue_.empty() && !crashed_) {
        const auto next = std::move(queue_.front());
        queue_.pop_front();
        next();
    }
    if (crashed_) return;
    const auto next = settler_->next_wakeup();
    REQUIRE(next.has_value());
    CHECK(*next > now_);
}

std::int64_t World::run_when_due() {
    const auto due = settler_->next_wakeup().value_or(now_);
    const auto waited = std::max<std::int64_t>(due - now_, 1);
    now_ += waited - 1;  // run() adds the last nanosecond
    run();
    return waited;
}

void World::until_settled(int rounds) {
    for (int i = 0; i < rounds; ++i) {
        run();
        if (crashed_) return;
        chain.mine();
        pass(31);
    }
}

// One thing at a time: the answer comes later, from the queue.
template <class T, class Effect>
void World::step(Lost lost, std::function<void(Result<T>)> done, Effect effect) {
    REQUIRE(queue_.empty());
    ++steps_;
    const bool here = steps_ == crash_step_;
    if (here && crash_how_ == Crash::before) {
        crashed_ = true;
        return;
    }
    std::uniform_real_distribution<double> chance(0, 1);
    if (lost_ > 0 && chance(random_) < lost_ / 2) {
        queue_.emplace_back([done] { done(fail(STIPEND_E_TIMEOUT, "the request was lost")); });
        return;
    }
    auto answer = std::make_shared<Result<T>>(effect());
    if (lost == Lost::both && lost_ > 0 && chance(random_) < lost_ / 2) {
        *answer = fail(STIPEND_E_TIMEOUT, "the answer was lost");
    }
    if (here) {
        crashed_ = true;
        return;
    }
    queue_.emplace_back([done, answer] { done(std::move(*answer)); });
}

void World::account(std::function<void(Result<Account>)> done) {
    step<Account>(Lost::both, std::move(done), [&]() -> Result<Account> {
        if (lost_account) return fail(STIPEND_E_TIMEOUT, "no endpoint answers");
        auto out = chain.account();
        out.head_at = chain.head_at.value_or(now_);
        return out;
    });
}

void World::estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) {
    step<Estimate>(Lost::both, std::move(done), [&] { return chain.estimate(work); });
}

void World::sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) {
    step<SignedBytes>(Lost::both, std::move(done), [&]() -> Result<SignedBytes> {
        if (!chain.signer_answers || chain.signatures_left == 0) {
            return fail(STIPEND_E_TIMEOUT, "the signer does not answer");
        }
        if (chain.signatures_left) --*chain.signatures_left;
        if (work.payer != payer_address) return fail(STIPEND_E_INVALID, "a slot of another payer");
        REQUIRE((work.payments.size() > 1) == (work.batch != Hash{}));
        return chain.sign(work);
    });
}

void World::recall(std::uint64_t nonce, std::function<void(Result<std::vector<SignedBytes>>)> done) {
    step<std::vector<SignedBytes>>(Lost::both, std::move(done),
                                   [&]() -> Result<std::vector<SignedBytes>> { return chain.remembered(nonce); });
}

void World::send(const std::string& raw, std::function<void(Result<void>)> done) {
    // What is sent was recorded, whatever the settler believes.
    REQUIRE_MESSAGE(recorded_.contains(raw), "bytes are sent that no record holds");
    step<void>(Lost::both, std::move(done), [&]() -> Result<void> {
        if (chain.take(raw)) return {};
        return fail(STIPEND_E_UNAVAILABLE, "nonce too low");
    });
}

void World::sight(const std::vector<Sought>& attempts, std::function<void(Result<std::vector<Sighting>>)> done) {
    step<std::vector<Sighting>>(Lost::both, std::move(done), [&]() -> Result<std::vector<Sighting>> {
        if (lost_sights > 0) {
            --lost_sights;
            return fail(STIPEND_E_TIMEOUT, "no endpoint answers");
        }
        ++looks;
        std::vector<Sighting> out;
        for (const auto& one : attempts) {
            if (!chain.is_readable(one.id)) return fail(STIPEND_E_UNAVAILABLE, "the endpoints disagree about a block");
        }
        for (const auto& one : attempts) out.push_back(chain.sighting(one.id));
        return out;
    });
}

void World::reserve(const Reservation& which, std::function<void(Result<std::vector<ledger::Payout>>)> done) {
    step<std::vector<ledger::Payout>>(Lost::request, std::move(done), [&]() -> Result<std::vector<ledger::Payout>> {
        const auto debts = ledger_->debts({});
        REQUIRE(debts.ok());
        Batch batch;
        auto next = which.first;
        for (const auto& one : *debts) {
            const bool has_one = std::ranges::binary_search(which.without, one.orchestrator);
            const bool due = one.owed >= which.at_least || start_ns <= which.or_before;
            if (has_one || !due || batch.payouts.reserved.size() == which.most) continue;
            batch.payouts.reserved.push_back({.id = next++,
                                              .orchestrator = one.orchestrator,
                                              .to = everyone.empty() ? address(one.orchestrator) : everyone,
                                              .wei = one.owed,
                                              .at = which.at});
        }
        if (batch.payouts.empty()) return std::vector<ledger::Payout>();
        const auto committed = ledger_->commit(batch);
        REQUIRE_MESSAGE(committed.ok(), (committed.ok() ? "" : committed.error().message));
        return batch.payouts.reserved;
    });
}

void World::commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) {
    step<void>(Lost::request, std::move(done), [&]() -> Result<void> {
        Batch batch;
        batch.payouts = changes;
        auto committed = ledger_->commit(batch);
        REQUIRE_MESSAGE(committed.ok(), (committed.ok() ? "" : committed.error().message));
        ++commits_;
        for (const auto& attempt : changes.attempts) recorded_.insert(attempt.raw);
        return committed;
    });
}

void World::order(const std::function<void(Settler&, std::function<void(Result<void>)>)>& give) {
    auto said = std::make_shared<Result<void>>(fail(STIPEND_E_INTERNAL, "not called"));
    give(*settler_, [said](Result<void> done) { *said = std::move(done); });
    run();
    REQUIRE_MESSAGE(said->ok(), (said->ok() ? "" : said->error().message));
}

void World::person() {
    const auto ignore = [](Result<void>) {};
    const auto payouts = settler_->payouts();
    for (const auto& [id, payout] : payouts) {
        if (crashed_) return;
        if (payout.state == ledger::PayoutState::frozen) settler_->unfreeze(id, "api:admin", ignore);
        if (payout.state == ledger::PayoutState::held) settler_->release(id, "api:admin", ignore);
        run();
    }
    if (crashed_ || settler_->block().id != blocks::foreign) return;
    settler_->accept_foreign("api:admin", ignore);
    run();
}

std::string World::owed(OrchestratorId id) {
    return owed_to(*ledger_, id);
}

std::string World::reason(PayoutId id, ledger::PayoutState state) {
    return text_of(file(), cat("SELECT reason FROM payout_step WHERE payout = ", id,
                               " AND state = ", static_cast<int>(state), " ORDER BY seq DESC LIMIT 1"));
}

std::string World::states() {
    std::string out;
    for (const auto& [id, payout] : settler_->payouts()) {
        out += cat(out.empty() ? "" : ", ", id, " ", ledger::payout_state_name(payout.state));
    }
    return out;
}

// Of the amounts that `sql` selects, each by its last eight bytes in hex: all of these tests fit.
Wei World::sum(const std::string& sql) {
    auto words = text_of(file(), cat("SELECT coalesce(group_concat(word, ' '), '') FROM (", sql, ")"));
    std::istringstream in(std::move(words));
    Wei total;
    for (std::string word; in >> word;) {
        total = total.plus(Wei::parse(std::to_string(std::stoull(word, nullptr, 16))).value()).value();
    }
    return total;
}

void World::check_money() {
    CHECK(findings(*ledger_).empty());
    for (OrchestratorId id = 1; id <= payees_; ++id) {
        CAPTURE(id);
        const auto paid =
            sum(cat("SELECT hex(substr(wei, 25)) word FROM payout WHERE orchestrator = ", id, " AND state = 7"));
        CHECK(paid.text() == chain.received(address(id)).text());
    }
    if (!settler_->slots().empty()) return;
    CHECK(sum("SELECT hex(substr(fee_wei, 25)) word FROM slot_end").text() == chain.spent_on_gas().text());
}

}  // namespace settlement_test
