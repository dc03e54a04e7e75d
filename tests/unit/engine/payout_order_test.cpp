// What a person orders for a payout, with and without a host.
#include <doctest/doctest.h>

#include "host/engine/payout_desk.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace stipend;
using engine::order_without_host;
using engine::parse_payout_order;
using engine::PayoutDesk;
using engine::PayoutOrder;

namespace {

Json order_json(std::int64_t payout, const char* action, const char* reason = "why") {
    return Json::object()
        .append("payout", payout)
        .append("action", action)
        .append("reason", reason)
        .append("by", "ops");
}

std::string refusal(const Json& json) {
    const auto order = parse_payout_order(json);
    return order ? std::string("taken") : order.error().message;
}

}  // namespace

TEST_CASE("an order names a payout, an action, a reason where one is wanted, and the person") {
    const auto hold = parse_payout_order(order_json(3, "hold"));
    REQUIRE(hold.ok());
    CHECK(
        (hold->payout == 3 && hold->action == PayoutOrder::Action::hold && hold->reason == "why" && hold->by == "ops"));
    CHECK(parse_payout_order(order_json(3, "release", ""))->action == PayoutOrder::Action::release);
    CHECK(parse_payout_order(order_json(3, "return"))->action == PayoutOrder::Action::give_back);
    CHECK(!parse_payout_order(order_json(3, "unfreeze"))->as);
    using Settled = settlement::Settler::Settled;
    CHECK(parse_payout_order(order_json(3, "unfreeze").append("as", "paid"))->as == Settled::paid);
    CHECK(parse_payout_order(order_json(3, "unfreeze").append("as", "owed"))->as == Settled::owed);
    CHECK(refusal(order_json(3, "unfreeze").append("as", "both")).find("\"as\": got \"both\"") == 0);
    CHECK(refusal(order_json(0, "hold")).find("\"payout\"") == 0);
    CHECK(refusal(order_json(1, "pay")).find("want hold, release, return or unfreeze") != std::string::npos);
    CHECK(refusal(order_json(1, "hold", "")).find("\"reason\"") == 0);
    CHECK(refusal(order_json(1, "hold", std::string(10'000, 'x').c_str())).find("\"reason\"") == 0);
    CHECK(refusal(Json::object().append("payout", 1)).find("\"action\"") == 0);
    CHECK(refusal(Json::object().append("payout", "1")).find("\"payout\"") == 0);
}

TEST_CASE("without a host an order is carried out in the ledger, and only along the edges of the graph") {
    const ledger_test::TempFolder folder;
    const auto book = ledger_test::must_open(folder / "ledger.db");
    ledger_test::Engine decided(*book, 1);
    decided.run(1);
    ledger::Batch batch;
    batch.payouts.reserved = {ledger_test::payout(1, 1, ledger_test::owed_to(*book, 1).c_str())};
    REQUIRE(book->commit(batch).ok());
    const auto at = ledger_test::start_ns + ledger_test::minute_ns;
    const auto carry_out = [&](const char* action) {
        return order_without_host(*book, *parse_payout_order(order_json(1, action)), at);
    };
    CHECK(carry_out("release").error().message.find("is reserved, and cannot become reserved by hand") !=
          std::string::npos);
    const auto held = carry_out("hold");
    REQUIRE(held.ok());
    CHECK((held->find("state")->text() == "held" && held->find("by")->text() == "ops"));
    CHECK(carry_out("release")->find("state")->text() == "reserved");
    CHECK(carry_out("return")->find("state")->text() == "returned");
    CHECK(ledger_test::owed_to(*book, 1) == "6000000000000000");
    CHECK(carry_out("hold").error().status == STIPEND_E_CONFLICT);
    CHECK(carry_out("unfreeze").error().message.find("no host runs") != std::string::npos);
    CHECK(order_without_host(*book, {.payout = 9}, at).error().message.find("there is none") != std::string::npos);
    CHECK(ledger_test::findings(*book).empty());
}

TEST_CASE("an address is paid to that the operator configured, or that a wallet has proven") {
    std::vector<config::Orchestrator> listed(1);
    listed[0].id = "a";
    listed[0].address = "https://a:1";
    const auto configured = std::make_shared<const registry::ConfiguredMarks>(listed);
    const auto lower = "0x" + std::string(40, 'a');
    PayoutDesk::Addresses addresses{.configured = configured, .proven = {}};
    CHECK(addresses.may_be_paid("a", lower));
    // Which addresses are proven is not known: nothing is paid to them.
    CHECK_FALSE(addresses.may_be_paid("b", lower));
    addresses.proven = std::make_shared<const std::map<std::string, std::string>>(
        std::map<std::string, std::string>{{"a", ""}, {"b", ""}, {"c", lower}, {"d", "0x" + std::string(40, 'b')}});
    CHECK(addresses.may_be_paid("a", lower));
    CHECK_FALSE(addresses.may_be_paid("b", lower));
    CHECK(addresses.may_be_paid("c", lower));
    CHECK_FALSE(addresses.may_be_paid("d", lower));  // it has proven another one since
    CHECK(addresses.may_be_paid("e", lower));
}
