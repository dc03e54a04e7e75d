// Whole reports, of a ledger.
#include "host/analysis/report.hpp"

#include <doctest/doctest.h>

#include "tests/unit/analysis/checks.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace stipend;
using namespace stipend::analysis;

namespace {

struct Recorded {
    ledger_test::TempFolder folder;
    std::filesystem::path file = folder / "ledger.db";
    std::unique_ptr<ledger::Ledger> book = ledger_test::must_open(file);

    [[nodiscard]] Result<Json> report(Query query) const {
        if (query.from == 0) query.from = ledger_test::start_ns - ns_per_day;
        if (query.to == 0) query.to = ledger_test::start_ns + ns_per_day;
        return make_report(query, {.database = file,
                                   .ns = ledger_test::writer().ns,
                                   .book = *book,
                                   .capability_of = [](std::string_view) { return std::string(); },
                                   .now = ledger_test::start_ns + ns_per_day});
    }
    // The sum of what the ledger's own export has.
    [[nodiscard]] std::pair<std::uint64_t, std::int64_t> exported() const {
        std::pair<std::uint64_t, std::int64_t> out;
        REQUIRE(book->export_decisions({}, [&](const ledger::DecisionLine& line) -> Result<void> {
            ++out.first;
            out.second += line.decision.usd.count_e8();
            return {};
        }));
        return out;
    }
};

}  // namespace

TEST_CASE("a report of a ledger has all that the export has") {
    Recorded recorded;
    ledger_test::Engine engine(*recorded.book, 3);
    engine.run(9);
    const auto [checks, usd] = recorded.exported();
    REQUIRE(checks == 27);
    for (const auto by : {By::all, By::tier, By::orchestrator, By::capability}) {
        const auto report = recorded.report({.by = by});
        REQUIRE_MESSAGE(report, report.error().message);
        CHECK(report->find("checks")->text() == "27");
        CHECK(report->find("total")->find("checks")->text() == "27");
        CHECK(report->find("total")->find("usd")->text() == Usd::of_e8(usd).text());
    }
}

TEST_CASE("a report of one orchestrator is of that one alone") {
    Recorded recorded;
    ledger_test::Engine engine(*recorded.book, 3);
    engine.run(4);
    const auto key = ledger_test::orchestrator(2).row.key;
    const auto report = recorded.report({.by = By::orchestrator, .orchestrator = key});
    REQUIRE_MESSAGE(report, report.error().message);
    CHECK(report->find("checks")->text() == "4");
    REQUIRE(report->find("rows")->items().size() == 1);
    CHECK(report->find("rows")->items()[0].find("orchestrator")->text() == key);
    const auto none = recorded.report({.orchestrator = "no\x1b[2J"});
    REQUIRE_FALSE(none);
    CHECK(none.error().message == "no orchestrator \"no<U+001B>[2J\" is here");
}

TEST_CASE("gaps, adjustments and pardons of a ledger are in its reports") {
    Recorded recorded;
    ledger_test::fill_with_everything(*recorded.book);
    const auto failures = recorded.report({.kind = Kind::failures, .by = By::orchestrator});
    REQUIRE_MESSAGE(failures, failures.error().message);
    std::size_t gaps = 0;
    for (const auto& row : failures->find("rows")->items()) gaps += row.find("class")->text() == "gap" ? 1U : 0U;
    CHECK(gaps > 0);
    const auto facts = ledger::span_facts(recorded.file, ledger_test::writer().ns, 0, INT64_MAX);
    REQUIRE(facts);
    CHECK(facts->accounts.size() >= 3);
    CHECK(ledger_test::number(recorded.file, "SELECT count(*) FROM gap") ==
          static_cast<std::int64_t>(facts->gaps.size()));
    CHECK(ledger_test::number(recorded.file,
                              "SELECT (SELECT count(*) FROM adjustment) + (SELECT count(*) FROM manual_payment)") ==
          static_cast<std::int64_t>(facts->apart.size()));
}

TEST_CASE("a check that a pardon took back is excused in a report") {
    Recorded recorded;
    ledger_test::Engine engine(*recorded.book, 1);
    ledger::Batch first;
    auto decided = ledger_test::next_decision(1, engine.state(1), false);
    first.decisions.push_back(decided);
    engine.must_commit(first);
    const auto share = [&] { return recorded.report({.kind = Kind::uptime}); };
    CHECK(share()->find("total")->find("failures")->text() == "1");
    const auto state = recorded.book->load_state();
    REQUIRE(state);
    ledger::Batch pardon;
    pardon.pardons.push_back(ledger_test::pardon_of(state->orchestrators.at(0)));
    REQUIRE(recorded.book->commit(pardon));
    CHECK(share()->find("total")->find("failures")->text() == "0");
    CHECK(share()->find("total")->find("failed_hours")->text() == "0");
    CHECK(share()->find("total")->find("excused_hours")->text() != "0");
}

TEST_CASE("a report is refused where its span is none, or has too many checks") {
    Recorded recorded;
    ledger_test::Engine engine(*recorded.book, 2);
    engine.run(3);
    const auto early =
        recorded.report({.from = ledger_test::start_ns + 2 * ns_per_day, .to = ledger_test::start_ns + 3 * ns_per_day});
    REQUIRE_FALSE(early);
    CHECK(early.error().status == STIPEND_E_INVALID);
    const auto many = recorded.report({.most_checks = 5});
    REQUIRE_FALSE(many);
    CHECK(many.error().status == STIPEND_E_LIMIT);
    CHECK(recorded.report({.most_checks = 6}));
    CHECK(parse_kind("costs").error().message ==
          "report: got \"costs\", want one of cost, uptime, failures, latency, "
          "forecast, sla, prediction");
    CHECK(parse_by("day").error().message == "by: got \"day\", want tier, orchestrator or capability");
}

TEST_CASE("what the ledger has wrong is not the fault of the question") {
    Recorded recorded;
    ledger_test::Engine engine(*recorded.book, 2);
    engine.run(3);
    const auto unknown = recorded.report({.orchestrator = "unknown"});
    REQUIRE(!unknown);
    CHECK(unknown.error().status == STIPEND_E_INVALID);
    ledger_test::tamper(recorded.file,
                        "UPDATE decision SET uptime_ppm = -7 WHERE seq = (SELECT max(seq) FROM decision)");
    const auto damaged = recorded.report({});
    REQUIRE(!damaged);
    CHECK(damaged.error().status == STIPEND_E_INTERNAL);
}

TEST_CASE("numbers of a report are numbers in its CSV, and a name is not") {
    Recorded recorded;
    ledger_test::Engine engine(*recorded.book, 1);
    engine.run(1);
    const auto report = recorded.report({.by = By::orchestrator});
    REQUIRE(report);
    const auto text = csv_text(*report);
    CHECK(text.starts_with("orchestrator,checks,paid,up_hours,"));
    CHECK(std::ranges::count(text, '\n') == 3);  // with the total
}

TEST_CASE("a page of a report is HTML whatever its names are") {
    const auto report = Json::object()
                            .append("report", "sla")
                            .append("from", "2026-11-01T00:00:00.000Z")
                            .append("to", "2026-12-01T00:00:00.000Z")
                            .append("checks", 3)
                            .append("over", false)
                            .append("rows", Json::array().push(Json::object()
                                                                   .append("orchestrator", "<script>\x1b[2J")
                                                                   .append("met", "no")
                                                                   .append("uptime", Json())))
                            .append("total", Json());
    const auto page = html_text(report);
    CHECK(page.find("<script>") == std::string::npos);
    CHECK(page.find("<td>&lt;script&gt;&lt;U+001B&gt;[2J</td>") != std::string::npos);
    CHECK(page.find("<td class=\"no\">no</td><td class=\"n\">-</td>") != std::string::npos);
    CHECK(page.find("was not over") != std::string::npos);
}
