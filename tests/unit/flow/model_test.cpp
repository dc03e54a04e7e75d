#include "tools/flow/model.hpp"

#include <doctest/doctest.h>

#include "tests/unit/flow/answers.hpp"

using namespace stipend;
using namespace stipend::flow;

namespace {

Model of_two() {
    Model out;
    out.take_orchestrators(Json::array().push(standing("a", 3, "500")).push(standing("b", 0, "0")));
    return out;
}

}  // namespace

TEST_CASE("the last decision of a lane is that of the highest epoch, in whatever order decisions come") {
    auto model = of_two();
    model.take_payments(Json::array().push(decision("a", 3, "96")).push(decision("a", 1)).push(decision("a", 2)));
    model.take_payments(Json::array().push(decision("a", 2)).push(decision("other", 1)));
    const auto& lane = *model.find("a");
    REQUIRE(lane.checks.size() == 3);
    CHECK(lane.checks.front().epoch == 1);
    CHECK(lane.checks.back().uptime_ppm == 960'000);
    CHECK(text_of(lane.decision, "epoch") == "3");
    CHECK(model.find("b")->decision.is(Json::Kind::null));
    CHECK(model.find("other") == nullptr);
}

TEST_CASE("a lane keeps a bounded number of checks, the newest ones") {
    auto model = of_two();
    for (int epoch = 1; epoch <= 200; ++epoch) model.take_event("payment", decision("a", epoch));
    model.take_payments(Json::array().push(decision("a", 7)));
    CHECK(model.find("a")->checks.size() == kept_checks);
    CHECK(model.find("a")->checks.front().epoch == 201 - kept_checks);
    CHECK(model.events() == 200);
}

TEST_CASE("an event names the orchestrator whose standing it changes") {
    auto model = of_two();
    CHECK(model.take_event("payment", decision("a", 4)) == "a");
    CHECK(model.take_event("payout", payout("b", 1, "5", "reserved")) == "b");
    CHECK(model.take_event("state", Json::object().append("orchestrator", "b")) == "b");
    CHECK(model.take_event("alert", Json::object().append("id", "gateway").append("text", "down")).empty());
    CHECK(model.last_alert() == "gateway: down");
    CHECK(model.take_event("unknown", Json::object()).empty());
    // A manual payment is owed, and is no check.
    CHECK(model.take_event("payment", Json::object().append("orchestrator", "a").append("kind", "manual")) == "a");
    CHECK(model.find("a")->checks.size() == 1);
}

TEST_CASE("payouts add up by what became of them, exactly, and are counted once") {
    auto model = of_two();
    const auto* large = "123456789012345678901234567890";
    model.take_payouts(Json::array()
                           .push(payout("a", 4, "7", "sent"))
                           .push(payout("a", 3, "1", "returned"))
                           .push(payout("a", 2, "10", "paid"))
                           .push(payout("a", 1, large, "paid")),
                       true);
    CHECK(payouts_of(*model.find("a")).sent.text() == "7");
    CHECK(payouts_of(*model.find("a")).final.text() == "123456789012345678901234567900");
    model.take_event("payout", payout("a", 4, "7", "mined"));
    CHECK(payouts_of(*model.find("a")).sent.text() == "7");
    model.take_event("payout", payout("a", 4, "7", "paid"));
    CHECK(payouts_of(*model.find("a")).sent.text() == "0");
    CHECK(payouts_of(*model.find("a")).final.text() == "123456789012345678901234567907");
    CHECK(model.payouts_complete());
}

TEST_CASE("payouts of another asset than the newest one have no part in its sums") {
    auto model = of_two();
    model.take_payouts(Json::array().push(payout("a", 1, "1000", "paid")).push(payout("a", 2, "5", "paid", "USDC")),
                       true);
    CHECK(payouts_of(*model.find("a")).final.text() == "5");
    CHECK(payouts_of(*model.find("a")).asset == "USDC");
}

TEST_CASE("no more payouts are kept than is bounded; those on the way are") {
    auto model = of_two();
    model.take_event("payout", payout("b", 1, "3", "sent"));
    for (int number = 2; number < static_cast<int>(most_payouts) + 100; ++number) {
        model.take_event("payout", payout("a", number, "1", "paid"));
    }
    CHECK(model.find("a")->payouts.size() + model.find("b")->payouts.size() == most_payouts);
    CHECK(payouts_of(*model.find("b")).sent.text() == "3");
    CHECK_FALSE(model.payouts_complete());
}

TEST_CASE("a lane that is not listed any more is removed, and the others keep their checks") {
    auto model = of_two();
    model.take_event("payment", decision("b", 1));
    model.take_orchestrators(Json::array().push(standing("b", 1, "8")));
    CHECK(model.find("a") == nullptr);
    CHECK(model.find("b")->checks.size() == 1);
    CHECK(text_of(model.find("b")->standing, "owed_wei") == "8");
}

TEST_CASE("answers of the wrong form change nothing") {
    Model model;
    model.take_orchestrators(Json::array().push(Json()).push("text").push(Json::object()));
    model.take_payments(Json("text"));
    model.take_payouts(Json::array().push(Json::object().append("payout", "x")), true);
    model.take_event("payment", Json());
    CHECK(model.lanes().empty());
    auto two = of_two();
    two.take_event("payment", Json::object().append("orchestrator", "a").append("epoch", -1));
    two.take_event("payment", Json::object().append("orchestrator", "a").append("epoch", Json::of_number("1.5")));
    CHECK(two.find("a")->checks.empty());
    two.take_event("payout", payout("a", 1, "many", "paid"));
    CHECK(payouts_of(*two.find("a")).final.zero());
}

TEST_CASE("the document has amounts as the API has them") {
    auto model = of_two();
    model.take_payments(Json::array().push(decision("a", 1, "99.9999", "0.95")));
    const auto json = document(model, "http://x", "2026-11-22T06:00:00.000Z");
    const auto& lane = json.find("orchestrators")->items().front();
    CHECK(text_of(lane, "owed_wei") == "500");
    CHECK(text_of(*lane.find("decision"), "uptime_percent") == "99.9999");
    CHECK(text_of(lane.find("checks")->items().front(), "uptime_ppm") == "999999");
    CHECK(text_of(lane.find("checks")->items().front(), "multiplier") == "0.95");
}
