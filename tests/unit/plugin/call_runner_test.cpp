// Calls on helper threads, where the call or the system does not do as wanted.
#include <doctest/doctest.h>
#include <pthread.h>

#include <future>
#include <memory>

#include "host/plugin/call_runner.hpp"
#include "stipend/duration.hpp"

using namespace stipend;
using namespace stipend::plugin;

namespace {

// While one lives, the system refuses each new thread: no address space holds its stack.
class ThreadsRefused {
  public:
    ThreadsRefused() {
        REQUIRE(::pthread_getattr_default_np(&before_) == 0);
        pthread_attr_t huge;
        REQUIRE(::pthread_getattr_default_np(&huge) == 0);
        REQUIRE(::pthread_attr_setstacksize(&huge, std::size_t{1} << 60) == 0);
        REQUIRE(::pthread_setattr_default_np(&huge) == 0);
        ::pthread_attr_destroy(&huge);
    }
    ~ThreadsRefused() {
        ::pthread_setattr_default_np(&before_);
        ::pthread_attr_destroy(&before_);
    }
    ThreadsRefused(const ThreadsRefused&) = delete;
    ThreadsRefused& operator=(const ThreadsRefused&) = delete;

  private:
    pthread_attr_t before_{};
};

// Takes one idle helper after the other, until there is none: what the next one got.
Result<void> run_where_none_is_idle(int depth) {
    REQUIRE(depth < 100);
    Result<void> innermost;
    const auto ran = run_within(60 * ns_per_s, [&] { innermost = run_where_none_is_idle(depth + 1); });
    return ran ? innermost : ran;
}

}  // namespace

TEST_CASE("work that ends in time is done") {
    int done = 0;
    CHECK(run_within(60 * ns_per_s, [&] { ++done; }));
    CHECK(done == 1);
}

TEST_CASE("work that takes longer is reported by its bound, and goes on") {
    const auto before = given_up();
    std::promise<void> release;
    std::promise<void> ended;
    // Shared, since the work outlives the call.
    auto wait = std::make_shared<std::future<void>>(release.get_future());
    const auto ran = run_within(ns_per_ms, [wait, &ended] {
        wait->wait();
        ended.set_value();
    });
    REQUIRE_FALSE(ran);
    CHECK(ran.error().status == STIPEND_E_TIMEOUT);
    CHECK(ran.error().message == "has not returned within 1 ms");
    CHECK(given_up() == before + 1);
    release.set_value();
    ended.get_future().wait();
}

TEST_CASE("where the system refuses a thread, the work is not run, and the error does not blame it") {
    const ThreadsRefused refused;
    const auto ran = run_where_none_is_idle(0);
    REQUIRE_FALSE(ran);
    CHECK(ran.error().status == STIPEND_E_UNAVAILABLE);
    CHECK(ran.error().message.starts_with("cannot be called: the system refuses a thread: "));
}
