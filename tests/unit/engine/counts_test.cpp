// What jobs and decisions come to for each payee, as metrics show it.
#include "simulation.hpp"

using namespace engine_test;
using stipend::engine::JobEnd;
using stipend::engine::PayeeCount;
using stipend::engine::PayeeCounts;

namespace {

std::uint64_t ended(const PayeeCount& count, JobEnd end) {
    return count.jobs[static_cast<std::size_t>(end)];
}

JobResult with_flags(std::uint32_t flags) {
    auto out = unknown();
    out.flags = flags;
    return out;
}

}  // namespace

TEST_CASE("a job that failed is the orchestrator's fault, one that is unknown is not") {
    using stipend::engine::job_end;
    CHECK(job_end(good("90"), false) == JobEnd::ok);
    CHECK(job_end(bad(), false) == JobEnd::orchestrator);
    CHECK(job_end(unknown(), false) == JobEnd::gateway);
    CHECK(job_end(unknown(), true) == JobEnd::budget);
    CHECK(job_end(with_flags(STIPEND_RESULT_OVER_FEE), false) == JobEnd::budget);
    CHECK(job_end(with_flags(STIPEND_RESULT_UNLISTED), false) == JobEnd::listing);
    CHECK(job_end(with_flags(STIPEND_RESULT_UNFUNDED), false) == JobEnd::funds);
    auto defect = unknown();
    defect.defect = "no such outcome";
    CHECK(job_end(defect, false) == JobEnd::plugin);
    auto lost = unknown();
    lost.lost = true;
    CHECK(job_end(lost, false) == JobEnd::plugin);
}

TEST_CASE("jobs and decisions count for their payee") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(3)).ok());
    sim.answer = [](const auto& who, const JobSpec&, auto) {
        if (who.key == "o1") {
            auto result = good("90");
            result.evidence.http_status = 200;
            result.evidence.latency_ns = 300'000'000;
            return std::pair{result, second};
        }
        return std::pair{who.key == "o2" ? bad() : unknown(), second};
    };
    sim.run_for(100 * second);
    const auto& counts = sim.engine().payee_counts();
    REQUIRE(counts.own().size() == 3);
    const auto& first = counts.own_count(0);
    CHECK(ended(first, JobEnd::ok) == 2);
    CHECK(first.paid == 2);
    CHECK(first.accrued.count_e8() == 2 * sim.of("o1")[0].decision.usd.count_e8());
    CHECK(first.accrued.count_e8() > 0);
    CHECK(first.answered.counts[3] == 2);  // above 250 ms, within 500 ms
    CHECK(first.answered.sum_us == 600'000);
    CHECK(ended(counts.own_count(1), JobEnd::orchestrator) == 1);
    CHECK(counts.own_count(1).skipped == 1);
    CHECK(counts.own_count(1).answered.sum_us == 0);
    CHECK(ended(counts.own_count(2), JobEnd::gateway) == 2);
    CHECK(counts.own_count(2).held == 2);
    CHECK(counts.own_count(2).paid + counts.own_count(2).skipped == 0);
}

TEST_CASE("beyond the bound payees share one count, and a count once given stays") {
    PayeeCounts counts(2);
    counts.admit(5);
    counts.admit(1);
    counts.admit(5);
    counts.admit(3);
    CHECK(counts.own() == std::vector<stipend::registry::PayeeIndex>{5, 1});
    for (const auto payee : {5U, 1U, 3U, 4U, 900U}) counts.count_job(payee, bad(), false);
    CHECK(ended(counts.own_count(0), JobEnd::orchestrator) == 1);
    CHECK(ended(counts.own_count(1), JobEnd::orchestrator) == 1);
    CHECK(ended(counts.others(), JobEnd::orchestrator) == 3);
}

TEST_CASE("a payee that leaves the configuration keeps its counts, and goes on with them") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.answer = [](const auto&, const JobSpec&, auto) { return std::pair{good("90"), second}; };
    sim.run_for(30 * second);
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.run_for(100 * second);
    const auto& counts = sim.engine().payee_counts();
    CHECK(ended(counts.own_count(1), JobEnd::ok) == 1);
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.run_for(60 * second);
    CHECK(counts.own().size() == 2);
    CHECK(ended(counts.own_count(1), JobEnd::ok) >= 2);
}
