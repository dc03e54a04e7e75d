#include <optional>
#include <stdexcept>

#include "sdk_fixture.hpp"

using namespace sdk_test;

namespace {

enum class Call : std::uint8_t { none, parse, construct, start, quiesce, health, decide, bounds, fetch, cancel };

// A plugin of two kinds that throws in one call.
struct Thrower {
    static constexpr PluginInfo info{.id = "org.example.thrower", .name = "Thrower", .version = "1"};
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;
    static inline Call throws_in = Call::none;
    static inline bool of_std = true;

    static void reached(Call call) {
        if (call != throws_in) return;
        if (of_std) throw std::out_of_range("beyond the end");
        throw 42;  // NOLINT(hicpp-exception-baseclass): plugins may be written like this
    }
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) {
        reached(Call::parse);
        return Settings{};
    }
    explicit Thrower(Settings) { reached(Call::construct); }
    ~Thrower() = default;
    Thrower(const Thrower&) = delete;
    Thrower& operator=(const Thrower&) = delete;

    static Result<void> start() {
        reached(Call::start);
        return {};
    }
    static void quiesce() { reached(Call::quiesce); }
    static Result<void> health() {
        reached(Call::health);
        return {};
    }
    static void cancel(stipend_op) { reached(Call::cancel); }
    static void decide(const stipend_sample&, stipend_decision& decision) {
        reached(Call::decide);
        decision.action = STIPEND_SKIP;
    }
    static Result<Bounds> bounds(const stipend_terms& terms) {
        reached(Call::bounds);
        return Bounds{0, terms.interval_ns};
    }
    static Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, Completion<stipend_quote>) {
        reached(Call::fetch);
        return fail(STIPEND_E_BUSY, "not now");
    }
};

struct Fixture {
    TestHost host;
    std::optional<Made<Thrower>> made;
    stipend_error error = empty_error();

    Fixture() { made.emplace(host); }
    ~Fixture() {
        Thrower::throws_in = Call::none;
        Thrower::of_std = true;
    }
    // Runs `call` with an exception of the standard library, then with another object; each must become an error.
    template <class Use>
    void caught(Call call, Use use) {
        Thrower::throws_in = call;
        for (const bool of_std : {true, false}) {
            Thrower::of_std = of_std;
            error = empty_error();
            CHECK(use() == STIPEND_E_EXCEPTION);
            CHECK(std::string(error.message) == (of_std ? "the plugin threw: beyond the end"
                                                        : "the plugin threw: something that is no std::exception"));
        }
        Thrower::throws_in = Call::none;
    }
};

constexpr const stipend_lifecycle_v1& lifecycle = Made<Thrower>::lifecycle;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an exception in a lifecycle call becomes its error") {
    const auto id = to_abi(Thrower::info.id);
    caught(Call::parse, [&] { return lifecycle.check_config(id, to_abi("{}"), &minute_terms, &error); });
    for (const auto call : {Call::parse, Call::construct}) {
        caught(call, [&] {
            stipend_instance* out = nullptr;
            const auto status = lifecycle.create(host.raw(), id, {}, to_abi("{}"), &minute_terms, &out, &error);
            CHECK(out == nullptr);
            return status;
        });
    }
    caught(Call::start, [&] { return lifecycle.start(made->get(), &error); });
    caught(Call::health, [&] { return lifecycle.health(made->get(), &error); });
}

TEST_CASE_FIXTURE(Fixture, "an exception in a function of a kind becomes its error") {
    const auto& policy = made->table<stipend_policy_v1>(STIPEND_POLICY);
    stipend_sample in{};
    stipend_decision out{};
    in.size = sizeof in;
    out.size = sizeof out;
    std::int64_t most = 0;
    std::int64_t soonest = 0;
    caught(Call::decide, [&] { return policy.decide(made->get(), &in, sizeof in, &out, sizeof out, 1, &error); });
    caught(Call::bounds, [&] { return policy.bounds(made->get(), &minute_terms, &most, &soonest, &error); });
    const auto& price = made->table<stipend_price_v1>(STIPEND_PRICE);
    host.thread = TestHost::Thread::pool;
    caught(Call::fetch, [&] { return price.fetch(made->get(), {}, {}, 0, host.completion(7), &error); });
    CHECK(host.answers.empty());
}

TEST_CASE_FIXTURE(Fixture, "an exception in a call without a status is dropped") {
    for (const bool of_std : {true, false}) {
        Thrower::of_std = of_std;
        Thrower::throws_in = Call::quiesce;
        lifecycle.quiesce(made->get());
        Thrower::throws_in = Call::cancel;
        made->table<stipend_price_v1>(STIPEND_PRICE).cancel(made->get(), 7);
    }
}

TEST_CASE_FIXTURE(Fixture, "an exception is caught also without an error record") {
    Thrower::throws_in = Call::health;
    CHECK(lifecycle.health(made->get(), nullptr) == STIPEND_E_EXCEPTION);
}

TEST_CASE("an invalid configuration and an unknown plugin id are rejected") {
    auto error = empty_error();
    const auto check = [&](const char* id, const char* config) {
        return lifecycle.check_config(to_abi(id), to_abi(config), &minute_terms, &error);
    };
    CHECK(check("org.example.thrower", "") == STIPEND_OK);
    CHECK(check("org.example.thrower", "{") == STIPEND_E_INVALID);
    CHECK(check("org.example.other", "{}") == STIPEND_E_INVALID);
    CHECK(std::string(error.message) == "no such plugin in this library: org.example.other");
    CHECK(lifecycle.check_config(to_abi("org.example.thrower"), {}, nullptr, &error) == STIPEND_E_INVALID);
}
