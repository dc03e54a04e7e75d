#include "host/engine/adjust.hpp"

#include <doctest/doctest.h>

#include "host/base/time.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr stipend_unix_ns noon = 1'795'348'800 * ns_per_s;
constexpr stipend_unix_ns later = noon + 3600 * ns_per_s;
constexpr AdjustTerms terms{
    .orchestrator = 1, .interval_ns = 60 * ns_per_s, .base = Usd::of_e8(10'00000000), .usd_per_eth_e8 = 2000'00000000};

// A request with the times of a gap as `stipend status` prints them.
AdjustRequest request_for(const ledger::Gap& gap) {
    Json body = Json::object();
    body.set("orchestrator", "o1").set("reason", "our gateway").set("by", "me");
    body.set("from", utc_text(gap.from)).set("to", utc_text(*gap.to));
    auto request = parse_adjustment(body);
    REQUIRE(request.ok());
    return *request;
}

ledger::Gap gap_of(std::int64_t intervals) {
    const stipend_unix_ns from = noon + 123'456'789;
    return {.orchestrator = 1, .from = from, .to = from + intervals * terms.interval_ns, .cause = "test"};
}

}  // namespace

TEST_CASE("a gap whose times were copied from a text is paid to its last interval") {
    const auto gap = gap_of(10);
    const auto row = make_adjustment(request_for(gap), terms, {gap}, later);
    REQUIRE(row.ok());
    CHECK(row->usd == Usd::of_e8(100'00000000));
    CHECK(row->wei.text() == "50000000000000000");
}

TEST_CASE("only what is unpaid of the time asked for is worked out") {
    const auto gap = gap_of(10);
    auto first = gap;
    first.to = gap.from + 2 * terms.interval_ns;
    auto last = gap;
    last.from = gap.from + 7 * terms.interval_ns;
    const auto row = make_adjustment(request_for(gap), terms, {first, last}, later);
    REQUIRE(row.ok());
    CHECK(row->usd == Usd::of_e8(50'00000000));
    CHECK(!make_adjustment(request_for(gap), terms, {}, later).ok());
}

TEST_CASE("time that has not been is not adjusted") {
    const auto gap = gap_of(10);
    const auto row = make_adjustment(request_for(gap), terms, {gap}, *gap.to - 1'000'000'000);
    REQUIRE(!row.ok());
    CHECK(row.error().message.find("want a time that has been") != std::string::npos);
}

TEST_CASE("without a rate an amount is refused, and an excuse is recorded") {
    const auto gap = gap_of(10);
    auto without = terms;
    without.usd_per_eth_e8.reset();
    auto request = request_for(gap);
    const auto refused = make_adjustment(request, without, {gap}, later);
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_UNAVAILABLE);
    CHECK(refused.error().message.starts_with("no exchange rate is accepted at present: o1: got an amount of 100"));
    request.usd = Usd();
    const auto excused = make_adjustment(request, without, {gap}, later);
    REQUIRE(excused.ok());
    CHECK(excused->usd.zero());
    CHECK(excused->wei.zero());
}

}  // namespace stipend::engine
