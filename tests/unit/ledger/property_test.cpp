#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

// Random operations on a ledger and on a model.
class Life {
  public:
    Life() : ledger_(must_open(folder_ / "ledger.db")) {
        Engine engine(*ledger_, orchestrators);
        for (OrchestratorId id = 1; id <= orchestrators; ++id) states_.push_back(engine.state(id));
    }

    void step() {
        switch (*rc::gen::inRange(0, 6)) {
            case 0:
                return adjust();
            case 1:
                return reopen();
            case 2:
                return archive();
            case 3:
                return gap();
            default:
                return decide();
        }
    }

    void check() {
        RC_ASSERT(findings(*ledger_) == "");
        const auto state = ledger_->load_state();
        RC_ASSERT(state.ok());
        for (const auto& record : state->orchestrators) {
            RC_ASSERT(record.owed == owed_[record.row.id]);
            RC_ASSERT(record.state.epoch == states_[static_cast<std::size_t>(record.row.id - 1)].epoch);
            RC_ASSERT(record.open_gap.has_value() == open_gaps_[record.row.id]);
        }
        std::uint64_t lines = 0;
        RC_ASSERT(ledger_
                      ->export_decisions({},
                                         [&](const DecisionLine&) -> Result<void> {
                                             ++lines;
                                             return {};
                                         })
                      .ok());
        RC_ASSERT(lines == decided_);
    }

  private:
    static constexpr OrchestratorId orchestrators = 4;

    void decide() {
        Batch batch;
        for (OrchestratorId id = 1; id <= orchestrators; ++id) {
            EngineState& state = states_[static_cast<std::size_t>(id - 1)];
            for (int times = *rc::gen::inRange(0, 3); times > 0; --times) {
                batch.decisions.push_back(next_decision(id, state, *rc::gen::arbitrary<bool>()));
                state = batch.decisions.back().after;
                owed_[id] = *owed_[id].plus(*SignedWei::of(batch.decisions.back().decision.wei));
                ++decided_;
            }
        }
        RC_ASSERT(ledger_->commit(batch).ok());
    }
    void adjust() {
        const auto id = *rc::gen::inRange<OrchestratorId>(1, orchestrators + 1);
        const auto wei = *SignedWei::parse(std::to_string(*rc::gen::arbitrary<std::int64_t>()));
        Batch batch;
        batch.adjustments.push_back(
            {.key = std::to_string(++adjustments_), .orchestrator = id, .wei = wei, .reason = "any", .by = "test"});
        RC_ASSERT(ledger_->commit(batch).ok());
        owed_[id] = *owed_[id].plus(wei);
    }
    void gap() {
        const auto id = *rc::gen::inRange<OrchestratorId>(1, orchestrators + 1);
        Batch batch;
        const std::int64_t at = ++gap_time_;
        if (open_gaps_[id]) {
            batch.gaps_closed.push_back({.orchestrator = id, .to = at});
        } else {
            batch.gaps_opened.push_back({.orchestrator = id, .from = at, .cause = "any"});
        }
        RC_ASSERT(ledger_->commit(batch).ok());
        open_gaps_[id] = !open_gaps_[id];
    }
    void reopen() {
        ledger_.reset();
        ledger_ = must_open(folder_ / "ledger.db");
    }
    void archive() {
        const auto before = start_ns + *rc::gen::inRange<std::int64_t>(0, 20) * minute_ns;
        const auto file = folder_.path() / ("archive-" + std::to_string(++archives_) + ".db");
        const auto done = ledger_->archive(before, file);
        const bool expected = done.ok() || done.error().status == STIPEND_E_INVALID;  // nothing that old
        RC_ASSERT(expected);
    }

    TempFolder folder_;
    std::unique_ptr<Ledger> ledger_;
    std::vector<EngineState> states_;
    std::map<OrchestratorId, SignedWei> owed_;
    std::map<OrchestratorId, bool> open_gaps_;
    std::uint64_t decided_ = 0;
    int adjustments_ = 0;
    int archives_ = 0;
    std::int64_t gap_time_ = start_ns;
};

}  // namespace

TEST_CASE("after random operations a ledger verifies, and its balances match a model") {
    CHECK(rc::check([] {
        Life life;
        for (int steps = *rc::gen::inRange(1, 16); steps > 0; --steps) life.step();
        life.check();
    }));
}

TEST_CASE("the same batches make the same chain") {
    const TempFolder folder;
    const auto head_of = [&](const char* name) {
        const auto ledger = must_open(folder / name);
        fill_with_everything(*ledger);
        return *ledger->head();
    };
    CHECK(head_of("one.db") == head_of("two.db"));
}
