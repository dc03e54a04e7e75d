#include "host/runtime/pending_answer.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <thread>

#include "host/runtime/control_loop.hpp"

using namespace stipend;
using namespace stipend::runtime;

namespace {

constexpr std::int64_t long_ns = 60'000'000'000;

Error late() {
    return fail(STIPEND_E_TIMEOUT, "late");
}

}  // namespace

TEST_CASE("an answer of another thread is waited for") {
    PendingAnswer<Result<std::string>> answer;
    std::thread other([give = answer.giver()] { give(std::string("here")); });
    const auto got = answer.wait();
    other.join();
    REQUIRE(got.ok());
    REQUIRE(got->ok());
    CHECK(**got == "here");
}

TEST_CASE("what answers may refuse, which is not that it was dropped") {
    PendingAnswer<Result<void>> answer;
    answer.giver()(fail(STIPEND_E_LIMIT, "too much"));
    const auto got = answer.wait_within(long_ns, late());
    REQUIRE(got.ok());
    REQUIRE_FALSE(got->ok());
    CHECK(got->error().message == "too much");
}

TEST_CASE("a loop that is closed drops the answers of its work, and those that wait are released") {
    ControlLoop loop;
    PendingAnswer<int> waiting, posted_late, bounded;
    loop.post([give = waiting.giver()] { give(1); });
    loop.post([give = bounded.giver()] { give(2); });
    std::optional<Result<int>> got;
    std::thread waits([&] { got = waiting.wait(); });
    loop.close();
    loop.post([give = posted_late.giver()] { give(3); });
    waits.join();
    for (const auto& one : {*got, posted_late.wait(), bounded.wait_within(long_ns, late())}) {
        REQUIRE_FALSE(one.ok());
        CHECK(one.error().status == STIPEND_E_STATE);
        CHECK(one.error().message == "the host is stopping");
    }
}

TEST_CASE("the last copy of a giver decides whether an answer is dropped") {
    PendingAnswer<int> answer;
    auto give = std::make_optional(answer.giver());
    auto copy = give;
    give.reset();
    CHECK(answer.wait_within(0, late()).error().status == STIPEND_E_TIMEOUT);
    (*copy)(4);
    CHECK(*answer.wait_within(0, late()) == 4);
}

TEST_CASE("an answer may be given after the wait was given up") {
    std::optional<PendingAnswer<int>> answer(std::in_place);
    const auto give = answer->giver();
    CHECK(answer->wait_within(1, late()).error().message == "late");
    answer.reset();
    give(5);
}
