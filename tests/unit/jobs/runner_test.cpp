// What a load to live runners may cost, and by which way it goes.
#include <doctest/doctest.h>

#include "tools/jobs/pricing.hpp"
#include "tools/jobs/runner_call.hpp"

using namespace stipend::jobs;
using stipend::Wei;

namespace {

RunnerCall found(bool single_shot, std::uint64_t price, const std::string& unit) {
    RunnerCall out;
    out.offer = livepeer::RunnerOffer{.path = single_shot ? "/apps/a/app" : "/apps/a/session",
                                      .origin = {},
                                      .version = {},
                                      .single_shot = single_shot,
                                      .price = Wei(price),
                                      .unit = unit};
    return out;
}
RunnerTerms terms(std::uint64_t price, std::uint64_t second, std::uint64_t ticket = 0) {
    return {.signer = "http://signer", .max_price = Wei(price), .max_second = Wei(second), .ticket = Wei(ticket)};
}
const Asked at{.address = "https://a:1/", .announced = {}};

}  // namespace

TEST_CASE("only a free single-shot runner is called as a gateway is; others are called in steps") {
    const auto direct = lead_to_runner(found(true, 0, ""), at, {}, {});
    REQUIRE(direct.ok());
    CHECK_FALSE(direct->steps);
    CHECK(direct->way.gateway == "https://a:1");
    CHECK(direct->way.runner_path == "/apps/a/app");
    const auto session = lead_to_runner(found(false, 0, ""), at, {}, {});
    REQUIRE(session.ok());
    CHECK(session->steps);
    CHECK(session->way.runner_path.empty());
    CHECK(lead_to_runner(found(true, 5, "fixed"), at, {}, terms(5, 0))->steps);
    CHECK(lead_to_runner(found(false, 5, "seconds"), at, {}, terms(0, 5))->steps);
}

TEST_CASE("a price above the limit of its unit is refused, and any without a signer") {
    CHECK_FALSE(lead_to_runner(found(true, 6, "fixed"), at, {}, terms(5, 100)).ok());
    CHECK_FALSE(lead_to_runner(found(false, 6, "seconds"), at, {}, terms(100, 5)).ok());
    CHECK_FALSE(lead_to_runner(found(true, 1, "720p-pixel-seconds"), at, {}, terms(100, 100)).ok());
    const auto unpaid = lead_to_runner(found(true, 6, "fixed"), at, {}, {});
    REQUIRE_FALSE(unpaid.ok());
    CHECK(unpaid.error().message ==
          "it asks 6 wei for a call, want at most 0 (--max-price): a load pays with --pay only");
}

TEST_CASE("a call costs its price, a session ten seconds, in whole tickets") {
    CHECK(cost_of(*found(true, 5, "fixed").offer, terms(9, 9)) == Wei(5));
    CHECK(cost_of(*found(false, 5, "seconds").offer, terms(9, 9)) == Wei(50));
    CHECK(cost_of(*found(false, 5, "seconds").offer, terms(9, 9, 8)) == Wei(56));
    CHECK(cost_of(*found(true, 8, "fixed").offer, terms(9, 9, 8)) == Wei(8));
    CHECK(cost_of(*found(true, 0, "").offer, terms(9, 9, 8)).zero());
}

TEST_CASE("a success of a paid runner costs what was paid, for failures as well") {
    Run run;
    auto& of = run.by_orchestrator["https://a:1"];
    of.sent = 4;
    of.by_outcome[0] = 3;
    of.paid = Wei(200);
    of.charged_s = 4;
    for (int i = 0; i < 3; ++i) of.service.record(1000);
    const std::vector<Asked> asked{{.address = "https://a:1", .announced = {}}};
    const auto all = priced(asked, {{"https://a:1", stated_by(*found(false, 5, "seconds").offer)}}, run);
    REQUIRE(all.size() == 1);
    CHECK(all[0].cost_per_success == Wei(67));
    CHECK(all[0].weight_percent == 100);
}
