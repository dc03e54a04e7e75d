// What is recorded of an objection and of its answer, and what limits them.
#include "host/engine/objection.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "host/base/time.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr stipend_unix_ns objection_noon = 20'000 * ns_per_day + ns_per_day / 2;
constexpr const char* objector = "orch-1";

// A ledger with one orchestrator and some decisions of a minute each.
class Book {
  public:
    explicit Book(std::uint64_t decisions) {
        std::string name = std::filesystem::temp_directory_path() / "stipend-objection-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        folder_ = name;
        auto opened = ledger::open(folder_ / "ledger.db", {.ns = {ledger::Mode::live, 42161}});
        REQUIRE(opened.ok());
        book = std::move(*opened);
        ledger::Batch batch;
        batch.generations.push_back({.id = 1, .at = objection_noon, .policy = "p", .config = "{}", .terms = "{}"});
        batch.added.push_back({.row = {.id = 1, .key = objector}, .state = {}});
        REQUIRE(book->commit(batch).ok());
        for (std::uint64_t epoch = 1; epoch <= decisions; ++epoch) decide(epoch);
    }
    ~Book() {
        book.reset();
        std::filesystem::remove_all(folder_);
    }
    Book(const Book&) = delete;
    Book& operator=(const Book&) = delete;

    [[nodiscard]] Result<Objected> object(std::uint64_t epoch, const char* text = "we were up",
                                          stipend_unix_ns at = objection_noon) const {
        return record_objection(*book, {.orchestrator = objector, .epoch = epoch, .text = text, .by = "secret"}, 1, at);
    }
    [[nodiscard]] Result<std::optional<Objected>> answer(std::uint64_t epoch, std::optional<std::int64_t> usd = {},
                                                         const char* reason = "the gateway was down") const {
        ObjectionAnswerRequest request{.orchestrator = objector, .epoch = epoch, .reason = reason, .by = "api:a"};
        if (usd) request.usd = Usd::of_e8(*usd * 100'000'000);
        return record_objection_answer(*book, request, terms, objection_noon + ns_per_day);
    }

    std::unique_ptr<ledger::Ledger> book;
    AdjustTerms terms{.orchestrator = 1,
                      .interval_ns = 60 * ns_per_s,
                      .base = Usd::of_e8(10'00000000),
                      .usd_per_eth_e8 = 2000'00000000};

  private:
    void decide(std::uint64_t epoch) {
        const auto at = objection_noon - static_cast<std::int64_t>(100 - epoch) * 60 * ns_per_s;
        ledger::Decided decided{.decision = {.orchestrator = 1,
                                             .epoch = epoch,
                                             .due_at = at,
                                             .period_from = at - 60 * ns_per_s,
                                             .decided_at = at,
                                             .tier = "none",
                                             .next_at = at + 60 * ns_per_s,
                                             .generation = 1},
                                .after = {.epoch = epoch, .due_at = at + 60 * ns_per_s, .last_decided_at = at}};
        ledger::Batch batch;
        batch.decisions.push_back(decided);
        REQUIRE(book->commit(batch).ok());
    }
    std::filesystem::path folder_;
};

std::string member(const Objected& objected, std::string_view name) {
    return objected.shown.find(name)->text();
}

}  // namespace

TEST_CASE("an objection that is sent again is the same one, and another to the same decision is refused") {
    const Book scene(2);
    const auto first = scene.object(1);
    REQUIRE(first.ok());
    CHECK(member(*first, "state") == "open");
    REQUIRE(first->open);
    CHECK(first->open->count == 1);
    const auto again = scene.object(1, "we were up", objection_noon + ns_per_s);
    REQUIRE(again.ok());
    CHECK(again->shown.dump() == first->shown.dump());
    CHECK(scene.object(1, "another").error().status == STIPEND_E_CONFLICT);
    CHECK(scene.object(3).error().status == STIPEND_E_INVALID);
    CHECK(scene.object(2)->open->count == 2);
}

TEST_CASE("no more than twenty objections of one orchestrator are taken in a day") {
    const Book scene(22);
    for (std::uint64_t epoch = 1; epoch <= 20; ++epoch) REQUIRE(scene.object(epoch).ok());
    CHECK(scene.object(21).error().status == STIPEND_E_LIMIT);
    CHECK(scene.object(20).ok());  // the same again is none
    CHECK(scene.object(21, "we were up", objection_noon + ns_per_day).ok());
}

TEST_CASE("an answer that pays adjusts the time of the decision in the same transaction, once") {
    const Book scene(2);
    REQUIRE(scene.object(1).ok());
    REQUIRE(scene.object(2).ok());
    const auto paid = scene.answer(1, 3);
    REQUIRE(paid.ok());
    REQUIRE(paid->has_value());
    CHECK(member(**paid, "state") == "answered");
    CHECK(member(**paid, "amount_usd") == "3");
    CHECK(member(**paid, "amount_wei") == "1500000000000000");
    CHECK((*paid)->open->count == 1);
    CHECK(scene.book->balances()->front().owed.text() == "1500000000000000");
    CHECK(scene.answer(1, 3)->value().shown.dump() == (*paid)->shown.dump());
    CHECK(scene.answer(1, 4).error().status == STIPEND_E_CONFLICT);
    CHECK(scene.answer(1).error().status == STIPEND_E_CONFLICT);
    CHECK(scene.book->balances()->front().owed.text() == "1500000000000000");
    const auto refused = scene.answer(2, {}, "your worker was down");
    REQUIRE(refused.ok());
    CHECK((*refused)->shown.find("amount_usd")->is(Json::Kind::null));
    CHECK(!(*refused)->open);
    CHECK(!scene.answer(9)->has_value());
    CHECK(scene.book->verify({})->clean());
}

TEST_CASE("without a rate nothing is answered where something is to be paid") {
    Book scene(1);
    REQUIRE(scene.object(1).ok());
    scene.terms.usd_per_eth_e8.reset();
    CHECK(scene.answer(1, 3).error().status == STIPEND_E_UNAVAILABLE);
    CHECK(!scene.book->objection(1, 1)->value().answer);
    CHECK(scene.answer(1).ok());
}

TEST_CASE("what an objection or an answer may hold") {
    const auto body = [](const char* text) { return *parse_json(text, {}); };
    CHECK(parse_objection(body(R"({"orchestrator":"a","epoch":1,"text":"x","by":"secret"})")).ok());
    for (const auto* text : {R"({"orchestrator":"a","epoch":0,"text":"x","by":"secret"})",
                             R"({"orchestrator":"a","epoch":1.5,"text":"x","by":"secret"})",
                             R"({"orchestrator":"a","epoch":"1","text":"x","by":"secret"})",
                             R"({"orchestrator":"a","epoch":1,"text":"","by":"secret"})",
                             R"({"orchestrator":"a","epoch":1,"text":"a\u0000b","by":"secret"})",
                             R"({"orchestrator":"a","epoch":1,"by":"secret"})"}) {
        CAPTURE(text);
        CHECK(parse_objection(body(text)).error().status == STIPEND_E_INVALID);
    }
    auto long_text = body(R"({"orchestrator":"a","epoch":1,"by":"secret"})");
    long_text.set("text", std::string(2001, 'x'));
    CHECK(!parse_objection(long_text).ok());
    CHECK(parse_objection_answer(body(R"({"orchestrator":"a","epoch":1,"reason":"x","usd":"0.00000001","by":"b"})"))
              .ok());
    for (const auto* usd : {"0", "-1", "1e400", "0x1", "NaN", "1.123456789", ""}) {
        CAPTURE(usd);
        auto answer = body(R"({"orchestrator":"a","epoch":1,"reason":"x","by":"b"})");
        answer.set("usd", usd);
        CHECK(parse_objection_answer(answer).error().status == STIPEND_E_INVALID);
    }
}

}  // namespace stipend::engine
