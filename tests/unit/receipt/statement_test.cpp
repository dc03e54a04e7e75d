// Statements: months follow each other without a gap, and add up in each form.
#include <doctest/doctest.h>

#include <random>

#include "tests/unit/receipt/paying.hpp"

using namespace receipt_test;

namespace {

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a month has its balance before, what was earned by day, what was paid, and its balance after") {
    Paying it;  // on 2027-01-15
    it.decide();
    it.decide();
    it.pay(1);
    it.pass(day_ns);
    it.decide();
    it.adjust(1, "-1000000000000000");
    it.pay_by_hand(1);
    it.pass(20 * day_ns);
    const auto january = it.statement("2027-01");
    CHECK(january.opening.text() == "0");
    REQUIRE(january.days.size() == 2);
    CHECK(january.days.at("2027-01-15").decisions == 2);
    CHECK(january.days.at("2027-01-15").usd.text() == "24");
    CHECK(january.days.at("2027-01-16").wei.text() == "6000000000000000");
    CHECK(january.paid.size() == 1);
    CHECK(january.paid_wei.text() == "12000000000000000");
    CHECK(january.closing.text() == "15000000000000000");
    CHECK(january.in_flight.text() == "0");
    // Reserved in January, final in February.
    CHECK(it.statement("2027-02").opening.text() == january.closing.text());
    CHECK(it.statement("2026-12").closing.text() == "0");
    CHECK(it.statement("2026-12").days.empty());
}

TEST_CASE("what is reserved and not final yet is unpaid, and in flight") {
    Paying it;
    it.decide();
    const auto open = it.reserve(1);
    CHECK(it.statement("2027-01").closing.text() == "6000000000000000");
    CHECK(it.statement("2027-01").in_flight.text() == "6000000000000000");
    it.pass(30 * day_ns);
    it.settle(open, true);
    CHECK(it.statement("2027-01").closing.text() == "6000000000000000");
    CHECK(it.statement("2027-01").in_flight.text() == "6000000000000000");
    CHECK(it.statement("2027-01").paid.empty());
    CHECK(it.statement("2027-02").opening.text() == "6000000000000000");
    CHECK(it.statement("2027-02").paid.size() == 1);
    CHECK(it.statement("2027-02").closing.text() == "0");
}

TEST_CASE("months follow each other whatever happens, with payouts far apart or none") {
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        Paying it;
        SignedWei paid;
        for (int step = 0; step < 80; ++step) {
            it.pass(static_cast<std::int64_t>(random() % 4) * day_ns);
            it.decide();
            if (random() % 6 == 0) it.adjust(1, "-3");
            if (random() % 6 == 0) it.pay_by_hand(1);
            if (random() % 3 != 0 || (seed % 3 == 0 && step > 5)) continue;
            const auto owed = owed_to(*it.ledger, 1);
            const auto id = it.reserve(1);
            it.pass(static_cast<std::int64_t>(random() % 3) * day_ns);
            const bool good = random() % 4 != 0;
            it.settle(id, good);
            if (good) paid = *paid.plus(*SignedWei::parse(owed));
        }
        if (seed % 2 == 0) REQUIRE(it.ledger->archive(start_ns + 40 * day_ns, it.folder / "old.db").ok());
        SignedWei before;
        SignedWei all;
        for (const auto* month : {"2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-05", "2027-06",
                                  "2027-07", "2027-08", "2027-09", "2027-10", "2027-11"}) {
            CAPTURE(month);
            const auto s = it.statement(month);
            CHECK(s.opening.text() == before.text());
            before = s.closing;
            all = *all.plus(s.paid_wei);
            for (const auto format : {Format::json, Format::csv, Format::html}) {
                CHECK(problems_of(statement_text(s, format, it.key), it.key.address()) == "");
            }
        }
        CHECK(all.text() == paid.text());
        CHECK(before.text() == owed_to(*it.ledger, 1));
    }
}

TEST_CASE("what is changed of a statement is seen in each of its forms") {
    Paying it;
    it.decide();
    it.pay(1);
    it.decide();
    it.adjust(1, "5");
    const auto s = it.statement("2027-01");
    const auto json = statement_text(s, Format::json, it.key);
    CHECK(contains(problems_of(edited(json, "\"closing_wei\":\"6", "\"closing_wei\":\"7")), "its entries lead to"));
    CHECK(contains(problems_of(edited(json, "\"closing_wei\":\"6", "\"closing_wei\":\"7")), "its signature is by"));
    CHECK(contains(problems_of(edited(json, "\"wei\":\"5\"", "\"wei\":\"6\"")), "adjustments: they sum to 6 wei"));
    const auto csv = statement_text(s, Format::csv, it.key);
    CHECK(problems_of(csv) == "");
    CHECK(contains(csv,
                   "payout,2027-01-15T08:01:00.000Z,payout 1 to 0x1111111111111111111111111111111111111111,,,"
                   "-6000000000000000,0x0101"));
    CHECK(contains(problems_of(edited(csv, "-6000000000000000", "-5000000000000000")), "its signature is by"));
    CHECK(contains(problems_of(csv + "payout,\r\n"), "something is behind its signature"));
    const auto html = statement_text(s, Format::html, it.key);
    CHECK(problems_of(html) == "");
    CHECK(contains(html, "our gateway was &lt;down&gt; &amp; out"));
    CHECK(!contains(html, "<script"));
    CHECK(contains(problems_of(edited(html, "0.006 ETH", "0.007 ETH")), "its signature is by"));
    CHECK(contains(problems_of(html + "<p>more</p>"), "something is behind its signature"));
    CHECK(!check_document(csv.substr(0, csv.rfind("signature")), {}).ok());
    CHECK(contains(problems_of(csv, cat("0x", std::string(40, '1'))), "want 0x1111"));
}

TEST_CASE("a ledger whose balance was edited makes no statement") {
    Paying it;
    it.decide();
    tamper(it.folder / "ledger.db", "UPDATE engine_state SET owed = zeroblob(32) WHERE orchestrator = 1");
    const auto out = make_statement(*it.ledger, it.ns, "orch-1", "", *parse_month("2027-01"), it.now());
    REQUIRE(!out.ok());
    CHECK_MESSAGE(contains(out.error().message, "does not add up: got 6000000000000000 wei, want 0"),
                  out.error().message);
}

TEST_CASE("a month is written as YYYY-MM") {
    CHECK(parse_month("2026-12")->to == parse_month("2027-01")->from);
    CHECK(parse_month("2027-01")->from < start_ns);
    for (const auto* text :
         {"", "2026", "2026-1", "2026-13", "2026-00", "2026/11", "20a6-11", "1969-12", "2026-11-1"}) {
        CAPTURE(text);
        CHECK(!parse_month(text).ok());
    }
    CHECK(!parse_format("xml").ok());
    Paying it;
    const auto none = make_statement(*it.ledger, it.ns, "unknown", "", *parse_month("2027-01"), it.now());
    REQUIRE(none.ok());
    CHECK(!none->has_value());
}
