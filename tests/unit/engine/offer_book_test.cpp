// Offers are asked for in rounds, a few at a time, and what was seen stays with its time.
#include "host/engine/offer_book.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <utility>
#include <vector>

using namespace stipend;
using namespace stipend::engine;

namespace {

struct OfferScene {
    using Done = std::function<void(Result<Offer>)>;
    std::vector<std::string> keys;  // empty: of one that is not active
    std::vector<std::pair<std::string, Done>> asked;
    std::deque<std::function<void()>> posted;
    stipend_unix_ns now = 1000;
    std::shared_ptr<OfferBook> book = std::make_shared<OfferBook>(OfferBook::Parts{
        .count = [this] { return keys.size(); },
        .active = [this](std::size_t at) -> std::optional<registry::Payee> {
            if (keys[at].empty()) return std::nullopt;
            registry::Payee payee;
            payee.key = keys[at];
            return payee;
        },
        .ask = [this](const registry::Payee& payee, Done done) { asked.emplace_back(payee.key, std::move(done)); },
        .post = [this](std::function<void()> work) { posted.push_back(std::move(work)); },
        .now = [this] { return now; }});

    void answer(std::size_t at, Result<Offer> offer) {
        asked[at].second(std::move(offer));
        for (; !posted.empty(); posted.pop_front()) posted.front()();
    }
};

Offer some_offer(std::int64_t capacity) {
    return {.reachable = true, .capacity = capacity, .price_per_s = Wei(static_cast<std::uint64_t>(capacity) * 10)};
}

}  // namespace

TEST_CASE("each active one is asked once in a round, a few at a time") {
    OfferScene scene;
    for (int at = 0; at < 10; ++at) scene.keys.push_back(at == 3 ? "" : cat("o", at));
    CHECK(scene.book->next() == 0);
    scene.book->tick(scene.now);
    CHECK(scene.asked.size() == OfferBook::max_at_once);
    CHECK_FALSE(scene.book->next().has_value());
    scene.book->tick(scene.now + 2 * OfferBook::round_ns);  // one goes on
    CHECK(scene.asked.size() == OfferBook::max_at_once);
    CHECK_FALSE(scene.book->seen("o0").has_value());
    for (std::size_t at = 0; at < 9; ++at) {
        REQUIRE(at < scene.asked.size());
        scene.answer(at, some_offer(static_cast<std::int64_t>(at)));
        CHECK(scene.asked.size() <= at + 1 + OfferBook::max_at_once);
    }
    CHECK(scene.asked.size() == 9);
    CHECK(scene.asked[3].first == "o4");
    const auto seen = scene.book->seen("o9");
    REQUIRE(seen.has_value());
    CHECK(seen->capacity == 8);
    CHECK(seen->price_per_s.text() == "80");
    CHECK(seen->at == 1000);
    CHECK(scene.book->next() == 1000 + OfferBook::round_ns);
    scene.book->tick(1000 + OfferBook::round_ns - 1);
    CHECK(scene.asked.size() == 9);
    scene.book->tick(1000 + OfferBook::round_ns);
    CHECK(scene.asked.size() == 13);
}

TEST_CASE("what was seen stays where nothing new comes, and goes with the one that it is of") {
    OfferScene scene;
    scene.keys = {"a", "b"};
    scene.book->tick(scene.now);
    scene.answer(0, some_offer(1));
    scene.answer(1, some_offer(2));
    scene.keys = {"a", ""};
    scene.now += OfferBook::round_ns;
    scene.book->tick(scene.now);
    REQUIRE(scene.asked.size() == 3);
    scene.answer(2, fail(STIPEND_E_UNAVAILABLE, "the plugin did not return"));
    REQUIRE(scene.book->seen("a").has_value());
    CHECK(scene.book->seen("a")->at == 1000);
    CHECK_FALSE(scene.book->seen("b").has_value());
    scene.now += OfferBook::round_ns;
    scene.book->tick(scene.now);
    scene.answer(3, Offer{});
    CHECK_FALSE(scene.book->seen("a")->reachable);
    CHECK(scene.book->seen("a")->at == scene.now);
}

TEST_CASE("a round of none is over at once") {
    OfferScene scene;
    scene.book->tick(scene.now);
    CHECK(scene.book->next() == scene.now + OfferBook::round_ns);
    CHECK(scene.asked.empty());
}
