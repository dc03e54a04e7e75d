#include "tools/jobs/pricing.hpp"

#include <doctest/doctest.h>

using namespace stipend::jobs;
using stipend::Wei;

namespace {

Stated stated(std::uint64_t price) {
    livepeer::Token out;
    out.said = livepeer::Token::Said::price;
    out.price = Wei(price);
    out.tells_capacity = true;
    out.capacity = 16;
    return stated_by(out);
}
OfOrchestrator share(std::uint64_t sent, std::uint64_t succeeded, std::uint64_t charged_s, std::int64_t us) {
    OfOrchestrator out;
    out.sent = sent;
    out.by_outcome[0] = succeeded;
    out.charged_s = charged_s;
    for (std::uint64_t i = 0; i < succeeded; ++i) out.service.record(us);
    return out;
}
Asked asked(const char* address) {
    return {.address = address};
}

}  // namespace

TEST_CASE("a success costs the price of all seconds that were charged, rounded up, and failures make it dearer") {
    Run run;
    run.by_orchestrator = {{"https://a", share(100, 100, 100, 1000)},
                           {"https://b", share(100, 75, 100, 1000)},
                           {"https://c", share(100, 0, 100, 1000)}};
    const auto all =
        priced({asked("https://a"), asked("https://b"), asked("https://c"), asked("https://d")},
               {{"https://a", stated(1000)}, {"https://b", stated(1000)}, {"https://c", stated(1000)}}, run);
    REQUIRE(all.size() == 4);
    CHECK(all[0].cost_per_success->text() == "1000");
    CHECK(all[1].cost_per_success->text() == "1334");
    CHECK_FALSE(all[2].cost_per_success.has_value());
    CHECK_FALSE(all[3].stated.price.has_value());
    CHECK(all[0].stated.free_slots == 16);
    CHECK(all[0].weight_percent > all[1].weight_percent);
    CHECK(all[0].weight_percent + all[1].weight_percent == 100);
    CHECK(all[2].weight_percent + all[3].weight_percent == 0);
}

TEST_CASE("weights are by price and quality, and 100 in all") {
    Run run;
    run.by_orchestrator = {{"https://a", share(10, 10, 10, 1000)},
                           {"https://b", share(10, 10, 10, 1000)},
                           {"https://c", share(10, 10, 10, 1000)}};
    const auto weights = [&](std::uint64_t a, std::uint64_t b, std::uint64_t c) {
        std::vector<std::uint32_t> out;
        const std::map<std::string, Stated> tokens{
            {"https://a", stated(a)}, {"https://b", stated(b)}, {"https://c", stated(c)}};
        for (const auto& one : priced({asked("https://a"), asked("https://b"), asked("https://c")}, tokens, run)) {
            out.push_back(one.weight_percent);
        }
        return out;
    };
    CHECK(weights(0, 0, 0) == std::vector<std::uint32_t>{34, 33, 33});
    CHECK(weights(7, 7, 7) == std::vector<std::uint32_t>{34, 33, 33});
    const auto dearer = weights(100, 200, 300);
    CHECK(dearer[0] > dearer[1]);
    CHECK(dearer[1] > dearer[2]);
    CHECK(dearer[0] + dearer[1] + dearer[2] == 100);
    run.by_orchestrator["https://c"] = share(10, 10, 10, 4000);
    const auto slower = weights(7, 7, 7);
    CHECK(slower[0] >= 4 * slower[2]);
}

TEST_CASE("a price for a call counts each call that was sent, and has its own unit") {
    livepeer::RunnerOffer offer;
    offer.price = Wei(500);
    offer.unit = "fixed";
    offer.available = 3;
    Run run;
    run.by_orchestrator = {{"https://a", share(10, 8, 70, 1000)}, {"https://b", share(10, 10, 70, 1000)}};
    offer.unit = "seconds";
    const auto by_second = stated_by(offer);
    offer.unit = "fixed";
    const auto all = priced({asked("https://a"), asked("https://b")},
                            {{"https://a", stated_by(offer)}, {"https://b", by_second}}, run);
    CHECK(all[0].cost_per_success->text() == "625");
    CHECK(all[1].cost_per_success->text() == "3500");
    CHECK(all[0].stated.free_slots == 3);
    const auto text = text_of(all);
    CHECK(text.find("wei/call") != std::string::npos);
    CHECK(text.find("500/s") != std::string::npos);
    const auto json = json_of(all);
    CHECK(json.find("https://a")->find("price_wei_per_call")->text() == "500");
    CHECK(json.find("https://b")->find("price_wei_per_second")->text() == "500");
}

TEST_CASE("a runner without a price is free") {
    const auto stated = stated_by(livepeer::RunnerOffer());
    CHECK(stated.price->zero());
    CHECK(stated.per_call);
}

TEST_CASE("a price that no sum can hold costs an unknown amount") {
    Run run;
    run.by_orchestrator = {{"https://a", share(2, 2, 2, 1000)}};
    auto huge = stated(0);
    huge.price = *Wei::parse("115792089237316195423570985008687907853269984665640564039457584007913129639935");
    const auto all = priced({asked("https://a")}, {{"https://a", huge}}, run);
    CHECK_FALSE(all[0].cost_per_success.has_value());
    CHECK(all[0].weight_percent == 0);
}
