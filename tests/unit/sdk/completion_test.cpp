#include <csignal>
#include <optional>

#include "sdk_fixture.hpp"

using namespace sdk_test;

namespace {

// A price source whose start function runs the code of the test.
struct Source {
    static constexpr PluginInfo info{.id = "org.example.source", .name = "Source", .version = "1"};
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    explicit Source(Settings) {}

    enum class Way : std::uint8_t { keep, refuse, drop, drop_and_refuse, take_over_and_throw, finish_other };
    static inline Way way = Way::keep;
    static inline std::optional<Completion<stipend_quote>> kept;

    static Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, Completion<stipend_quote> done) {
        switch (way) {
            case Way::keep:
                kept = std::move(done);
                return {};
            case Way::drop:
                return {};
            case Way::refuse:
            case Way::drop_and_refuse: {
                if (way == Way::drop_and_refuse) const auto dropped = std::move(done);
                return fail(STIPEND_E_LIMIT, "too many");
            }
            case Way::take_over_and_throw: {
                const auto mine = std::move(done);
                throw std::runtime_error("broken");
            }
            case Way::finish_other:
                kept->fail(fail(STIPEND_E_BUSY, "superseded"));
                kept = std::move(done);
                return {};
        }
        return {};
    }
};

struct Fixture {
    TestHost host;
    Made<Source> made{host};
    stipend_error error = empty_error();

    ~Fixture() {
        Source::kept.reset();
        Source::way = Source::Way::keep;
    }
    stipend_status start(stipend_op op, Source::Way way) {
        Source::way = way;
        host.thread = TestHost::Thread::pool;
        return made.table<stipend_price_v1>(STIPEND_PRICE)
            .fetch(made.get(), to_abi("ETH"), to_abi("USD"), 0, host.completion(op), &error);
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an operation completes once, with its record") {
    CHECK(start(7, Source::Way::keep) == STIPEND_OK);
    CHECK(host.answers.empty());
    CHECK(Source::kept->pending());
    CHECK(Source::kept->op() == 7);
    Source::kept->finish(stipend_quote{});
    CHECK_FALSE(Source::kept->pending());
    Source::kept->finish(stipend_quote{});
    Source::kept->fail(fail(STIPEND_E_TIMEOUT, "late"));
    Source::kept.reset();
    REQUIRE(host.answers.size() == 1);
    CHECK(host.answers[0].op == 7);
    CHECK(host.answers[0].status == STIPEND_OK);
    CHECK(host.answers[0].has_record);
}

TEST_CASE_FIXTURE(Fixture, "a failed operation completes with its status and message, without a record") {
    REQUIRE(start(7, Source::Way::keep) == STIPEND_OK);
    Source::kept->fail(fail(STIPEND_E_TIMEOUT, "no quote within 5 s"));
    REQUIRE(host.answers.size() == 1);
    CHECK(host.answers[0].status == STIPEND_E_TIMEOUT);
    CHECK(host.answers[0].message == "no quote within 5 s");
    CHECK_FALSE(host.answers[0].has_record);
}

TEST_CASE_FIXTURE(Fixture, "a dropped operation completes with INTERNAL") {
    REQUIRE(start(7, Source::Way::keep) == STIPEND_OK);
    Source::kept.reset();
    REQUIRE(host.answers.size() == 1);
    CHECK(host.answers[0].status == STIPEND_E_INTERNAL);
    CHECK(host.answers[0].message == "the plugin dropped the operation without an answer");
}

TEST_CASE_FIXTURE(Fixture, "a completion that is assigned to completes its old operation with INTERNAL") {
    REQUIRE(start(7, Source::Way::keep) == STIPEND_OK);
    REQUIRE(start(8, Source::Way::keep) == STIPEND_OK);
    REQUIRE(host.answers.size() == 1);
    CHECK(host.answers[0].op == 7);
    CHECK(host.answers[0].status == STIPEND_E_INTERNAL);
    CHECK(Source::kept->op() == 8);
}

TEST_CASE_FIXTURE(Fixture, "a start function that fails does not call its completion") {
    for (const auto way : {Source::Way::refuse, Source::Way::drop_and_refuse}) {
        CHECK(start(7, way) == STIPEND_E_LIMIT);
        CHECK(std::string(error.message) == "too many");
        CHECK(host.answers.empty());
    }
}

TEST_CASE_FIXTURE(Fixture, "a start function that throws does not call its completion") {
    CHECK(start(7, Source::Way::take_over_and_throw) == STIPEND_E_EXCEPTION);
    CHECK(std::string(error.message) == "the plugin threw: broken");
    CHECK(host.answers.empty());
}

TEST_CASE_FIXTURE(Fixture, "a start function that drops its completion and returns OK fails with INTERNAL") {
    CHECK(start(7, Source::Way::drop) == STIPEND_E_INTERNAL);
    CHECK(std::string(error.message) == "price.fetch: the plugin dropped the operation");
    CHECK(host.answers.empty());
}

TEST_CASE_FIXTURE(Fixture, "a start function may complete another operation") {
    REQUIRE(start(7, Source::Way::keep) == STIPEND_OK);
    CHECK(start(8, Source::Way::finish_other) == STIPEND_OK);
    REQUIRE(host.answers.size() == 1);
    CHECK(host.answers[0].op == 7);
    CHECK(host.answers[0].status == STIPEND_E_BUSY);
}

namespace {
struct Hasty {
    static constexpr PluginInfo info{.id = "org.example.hasty", .name = "Hasty", .version = "1"};
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    explicit Hasty(Settings) {}
    static Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, Completion<stipend_quote> done) {
        done.finish({});
        return {};
    }
};
}  // namespace

TEST_CASE("a completion before the start function returned is passed on") {
    TestHost host;
    const Made<Hasty> made(host);
    host.thread = TestHost::Thread::pool;
    CHECK(made.table<stipend_price_v1>(STIPEND_PRICE).fetch(made.get(), {}, {}, 0, host.completion(7), nullptr) ==
          STIPEND_OK);
    REQUIRE(host.answers.size() == 1);
    CHECK(host.answers[0].op == 7);
    CHECK(host.answers[0].status == STIPEND_OK);
}
