// Distributed calls: how they wait and go out, and what the ledger holds of their fees.
#include "host/engine/call_desk.hpp"

#include "priced.hpp"

using namespace engine_test;

namespace {

struct Desk {
    std::vector<std::pair<std::uint64_t, registry::PayeeIndex>> sent;
    std::vector<CallDesk::Summary> over;
    DispatchRules rules;
    CallDesk desk{[this](std::uint64_t number, const CallDesk::Call& call) {
                      CHECK(call.text->type == "t");
                      sent.emplace_back(number, call.payee);
                  },
                  [this](const CallText&, const CallDesk::Summary& summary) { over.push_back(summary); }};

    std::optional<stipend_unix_ns> distribute(const std::vector<registry::PayeeIndex>& to, stipend_unix_ns now) {
        if (auto later = desk.admit(to, rules, now)) return later;
        desk.begin(to, {"t", "{}"}, rules, now);
        return std::nullopt;
    }
};

std::vector<registry::PayeeIndex> first(std::size_t count) {
    std::vector<registry::PayeeIndex> out(count);
    for (std::size_t at = 0; at < count; ++at) out[at] = static_cast<registry::PayeeIndex>(at);
    return out;
}

Result<void> reserve_call(Simulation& sim, std::uint64_t number, std::uint64_t amount) {
    Result<void> answer = fail(STIPEND_E_TIMEOUT, "not answered");
    sim.engine().reserve_call(
        0, number, fee(amount), [&](Result<void> given) { answer = std::move(given); }, sim.now());
    sim.run_for(second / 10);
    return answer;
}

SignedWei used(Simulation& sim) {
    return sim.engine().fees().used(0, sim.now());
}

}  // namespace

TEST_CASE("calls go out at once, so many at a time, and each has a number of its own") {
    Desk one;
    CHECK(!one.distribute(first(100), start_of_time));
    REQUIRE(one.sent.size() == CallDesk::max_under_way);
    CHECK(!one.desk.next_wakeup());
    JobResult good_one = good("100");
    one.desk.done(one.sent[0].first, good_one, start_of_time);
    one.desk.done(one.sent[0].first, good_one, start_of_time);  // a second time it is unknown
    CHECK(one.sent.size() == CallDesk::max_under_way + 1);
    for (std::size_t at = 1; at < one.sent.size(); ++at) {
        CHECK(one.sent[at].first > one.sent[at - 1].first);
        one.desk.done(one.sent[at].first, at % 2 == 0 ? good_one : bad("odd"), start_of_time);
    }
    REQUIRE(one.over.size() == 1);
    CHECK(one.over[0].answered == 50);
    CHECK(one.over[0].failed == 50);
    CHECK(one.over[0].first_failure == "odd");
    CHECK(one.desk.given_to(7) == 1);
    const auto& counts = one.desk.counts();
    CHECK(counts.queued == 100);
    CHECK(counts.sent == 100);
    CHECK(counts.answered == 50);
    CHECK(counts.failed == 50);
    CHECK(counts.refused == 0);
}

TEST_CASE("calls keep to the rate of the host, and beyond it none is taken") {
    Desk one;
    one.rules.host = {second / 2, 2};
    CHECK(!one.distribute(first(5), start_of_time));
    CHECK(one.sent.size() == 2);
    REQUIRE(one.desk.next_wakeup());
    CHECK(*one.desk.next_wakeup() == start_of_time + second / 2);
    const auto later = one.distribute(first(1), start_of_time);
    REQUIRE(later);
    CHECK(*later == start_of_time + 2 * second);
    CHECK(one.desk.counts().refused == 1);
    CHECK(one.desk.counts().queued == 5);
    CHECK(one.desk.counts().sent == 2);
    one.desk.tick(*one.desk.next_wakeup());
    CHECK(one.sent.size() == 3);
    CHECK(!one.distribute(first(1), *later));
    one.desk.tick(*later + second);
    CHECK(one.sent.size() == 6);
}

TEST_CASE("calls keep to the rate of each orchestrator, and a refusal changes nothing") {
    Desk one;
    one.rules.per_orchestrator = {30 * second, 1};
    CHECK(!one.distribute({1}, start_of_time));
    const auto later = one.distribute({0, 1}, start_of_time + second);
    REQUIRE(later);
    CHECK(*later == start_of_time + 30 * second);
    CHECK(!one.distribute({0}, start_of_time + second));
    CHECK(!one.distribute({1}, *later));
    CHECK(one.desk.given_to(1) == 2);
}

TEST_CASE("what waits is bounded, and what is admitted keeps its place") {
    Desk one;
    const auto many = first(CallDesk::max_calls);
    CHECK(!one.desk.admit(many, one.rules, start_of_time));
    CHECK(one.distribute({1}, start_of_time));
    one.desk.drop(many.size());
    CHECK(!one.distribute(many, start_of_time));
    CHECK(one.distribute({1}, start_of_time));
    one.desk.close();
    CHECK(one.desk.waiting() == 0);
    CHECK(one.distribute({1}, start_of_time));
    CHECK(one.desk.counts().refused == 3);
    CHECK(one.desk.counts().queued == many.size());
}

TEST_CASE("a call counts what it may cost before it is sent, and gives back the rest") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
    sim.run_for(10 * second);
    CHECK(reserve_call(sim, 77, 100).ok());
    CHECK(reserve_call(sim, 77, 50).ok());
    CHECK(used(sim) == fee(180));
    sim.engine().call_done(0, 77, fee(20), sim.now());
    CHECK(used(sim) == fee(50));
    sim.run_for(second);
    CHECK(fees_of(sim, 0) == "50");
    CHECK(sim.engine().fees().ended() == fee(50));
    sim.check_ledger();
}

TEST_CASE("a call leaves the reservation of a job under way as it is") {
    Simulation sim;
    charge(sim, 30, 10);
    sim.answer = [](const auto&, const auto&, auto) {
        auto result = good("100");
        result.fee = fee(10);
        return std::pair{result, 5 * second};
    };
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
    sim.run_for(second);
    REQUIRE(used(sim) == fee(30));
    CHECK(reserve_call(sim, 5, 100).ok());
    sim.run_for(10 * second);
    CHECK(used(sim) == fee(110));
    sim.engine().call_done(0, 5, fee(1), sim.now());
    sim.run_for(second);
    CHECK(fees_of(sim, 0) == "11");
    CHECK(sim.raised("fees-reported:o1") == 0);
    sim.check_ledger();
}

TEST_CASE("calls leave half of the limits to checks, and raise no alert about them") {
    Simulation sim;
    charge(sim, 30, 30);
    REQUIRE(sim.install(limited(200, 1000), payees(1)).ok());
    sim.run_for(10 * second);
    const auto refused = reserve_call(sim, 1, 71);
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_LIMIT);
    CHECK(refused.error().message.find("half of limits.fees_per_orchestrator_day is used") != std::string::npos);
    CHECK(sim.engine().max_call_fee(0, sim.now()) == fee(70));
    CHECK(reserve_call(sim, 2, 70).ok());
    CHECK(sim.engine().max_call_fee(0, sim.now()) == fee(1));
    sim.run_for(60 * second);
    CHECK(sim.of("o1").size() == 2);
    CHECK(sim.raised("fees:o1") == 0);
    CHECK(fees_of(sim, 0) == "130");
    sim.check_ledger();
}

TEST_CASE("what a call costs is never unbooked: unknown, above its reservation, without one, and after a restart") {
    Simulation sim;
    REQUIRE(sim.install(limited(10'000, 10'000), payees(1)).ok());
    sim.run_for(10 * second);
    CHECK(reserve_call(sim, 1, 100).ok());
    sim.engine().call_done(0, 1, std::nullopt, sim.now());
    CHECK(used(sim) == fee(100));
    CHECK(reserve_call(sim, 2, 100).ok());
    sim.engine().call_done(0, 2, fee(150), sim.now());
    CHECK(used(sim) == fee(250));
    CHECK(sim.raised("fees-reported:o1") == 1);
    sim.engine().call_done(0, 3, fee(7), sim.now());
    CHECK(used(sim) == fee(257));
    CHECK(reserve_call(sim, 4, 100).ok());
    sim.restart(second);
    REQUIRE(sim.install(limited(10'000, 10'000), payees(1)).ok());
    sim.run_for(second);
    CHECK(fees_of(sim, 0) == "357");
    CHECK(used(sim) == fee(357));
    sim.check_ledger();
}

TEST_CASE("a call over midnight gives nothing back") {
    Simulation sim(midnight(1) - 5 * second);
    REQUIRE(sim.install(limited(1000, 1000), payees(1)).ok());
    sim.run_for(second);
    CHECK(reserve_call(sim, 1, 100).ok());
    sim.run_for(10 * second);
    CHECK(used(sim) == fee(0));
    sim.engine().call_done(0, 1, fee(1), sim.now());
    sim.run_for(second);
    CHECK(fees_of(sim, 0) == "100");
    CHECK(used(sim) == fee(0));
    sim.check_ledger();
}
