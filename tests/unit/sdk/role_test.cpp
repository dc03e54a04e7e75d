#include <csignal>

#include "sdk_fixture.hpp"

namespace sdk_test {

namespace {

struct Quote {
    static constexpr PluginInfo info{.id = "org.example.quote", .name = "Quote", .version = "1"};
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    explicit Quote(Settings) {}
    static Result<void> start() { return {}; }
    static Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, Completion<stipend_quote>) {
        return fail(STIPEND_E_BUSY, "not now");
    }
};

// Calls `use` on an instance while the host reports the given thread.
template <class Use>
void on(TestHost::Thread thread, Use use) {
    TestHost host;
    const Made<Quote> made(host);
    host.thread = thread;
    use(host, made);
}

stipend_status fetch(const TestHost& host, const Made<Quote>& made) {
    return made.table<stipend_price_v1>(STIPEND_PRICE)
        .fetch(made.get(), to_abi("ETH"), to_abi("USD"), 0, host.completion(7), nullptr);
}

}  // namespace
}  // namespace sdk_test

using namespace sdk_test;

TEST_CASE("each call passes on the thread of its tag") {
    on(TestHost::Thread::control, [](auto&, auto& made) { CHECK(made.lifecycle.start(made.get(), nullptr) == 0); });
    on(TestHost::Thread::pool, [](auto& host, auto& made) { CHECK(fetch(host, made) == STIPEND_E_BUSY); });
    on(TestHost::Thread::neither, [](auto&, auto& made) { CHECK(made.lifecycle.health(made.get(), nullptr) == 0); });
}

#ifndef NDEBUG
TEST_CASE("in debug builds a [control] call on another thread ends the process with its name") {
    const auto start = fate_of(
        [] { on(TestHost::Thread::pool, [](auto&, auto& made) { made.lifecycle.start(made.get(), nullptr); }); });
    CHECK(start.signal == SIGABRT);
    CHECK(start.said == "stipend: start (called off [control]:0)\n");
    const auto quiesce =
        fate_of([] { on(TestHost::Thread::neither, [](auto&, auto& made) { made.lifecycle.quiesce(made.get()); }); });
    CHECK(quiesce.signal == SIGABRT);
    const auto destroy =
        fate_of([] { on(TestHost::Thread::pool, [](auto&, auto& made) { made.lifecycle.destroy(made.get()); }); });
    CHECK(destroy.signal == SIGABRT);
    const auto create = fate_of([] {
        TestHost host;
        host.thread = TestHost::Thread::pool;
        stipend_instance* out = nullptr;
        Made<Quote>::lifecycle.create(host.raw(), to_abi("org.example.quote"), {}, {}, &minute_terms, &out, nullptr);
    });
    CHECK(create.signal == SIGABRT);
}

TEST_CASE("in debug builds a [pool] call on another thread ends the process with its name") {
    const auto death =
        fate_of([] { on(TestHost::Thread::control, [](auto& host, auto& made) { fetch(host, made); }); });
    CHECK(death.signal == SIGABRT);
    CHECK(death.said == "stipend: price.fetch (called off [pool]:0)\n");
}
#endif

TEST_CASE("without the threads service of the host the thread is not checked") {
    const stipend_host bare{sizeof bare, 0,   nullptr,
                            "bare",      "1", [](const stipend_host*, const char*) -> const void* { return nullptr; }};
    stipend_instance* out = nullptr;
    CHECK(Made<Quote>::lifecycle.create(&bare, to_abi("org.example.quote"), {}, {}, &minute_terms, &out, nullptr) == 0);
    REQUIRE(out != nullptr);
    CHECK(Made<Quote>::lifecycle.start(out, nullptr) == 0);
    Made<Quote>::lifecycle.destroy(out);
}
