#include "sdk_fixture.hpp"

using namespace sdk_test;

namespace {

// Pays the number of the epoch in 1e-8 USD; rejects epoch 13.
struct Counting {
    static constexpr PluginInfo info{.id = "org.example.counting", .name = "Counting", .version = "1"};
    static constexpr std::uint32_t revision = 3;
    static constexpr std::uint32_t memory_version = 4;
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    explicit Counting(Settings) {}

    static Result<void> decide(const stipend_sample& sample, stipend_decision& decision) {
        if (sample.epoch == 13) return fail(STIPEND_E_INVALID, "unlucky");
        decision.action = STIPEND_PAY;
        decision.amount_usd_e8 = static_cast<std::int64_t>(sample.epoch);
        decision.uptime_ppm = sample.reported_ppm;
        decision.memory.bytes[0] = sample.memory.bytes[0];
        decision.memory.bytes[127] = 9;
        return {};
    }
    static Result<Bounds> bounds(const stipend_terms& terms) { return Bounds{terms.base_usd_e8, terms.interval_ns}; }
};

// A record of a newer host, with `More` bytes after the end of this version.
template <class Record, std::size_t More>
struct alignas(8) Grown {
    Record known{};
    std::uint8_t more[More]{};
    Grown() {
        known.size = sizeof *this;
        std::memset(more, 0xEE, More);
    }
    [[nodiscard]] bool intact() const {
        return std::all_of(std::begin(more), std::end(more), [](auto byte) { return byte == 0xEE; });
    }
};

struct Fixture {
    TestHost host;
    Made<Counting> made{host};
    const stipend_policy_v1& table = made.table<stipend_policy_v1>(STIPEND_POLICY);
    stipend_error error = empty_error();
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the table has the revision and the version of the memory") {
    CHECK(table.revision == 3);
    CHECK(table.memory_version == 4);
}

TEST_CASE_FIXTURE(Fixture, "a batch is decided record by record over any stride, without a write beyond a record") {
    Grown<stipend_sample, 24> in[3];
    Grown<stipend_decision, 40> out[3];
    for (std::uint64_t k = 0; k < 3; ++k) in[k].known.epoch = k + 1;
    REQUIRE(table.decide(made.get(), &in[0].known, sizeof in[0], &out[0].known, sizeof out[0], 3, &error) ==
            STIPEND_OK);
    for (std::size_t k = 0; k < 3; ++k) {
        CHECK(out[k].known.amount_usd_e8 == static_cast<std::int64_t>(k) + 1);
        CHECK(out[k].known.size == sizeof out[k]);
        CHECK(out[k].intact());
    }
}

TEST_CASE_FIXTURE(Fixture, "a shorter record of an older host reads as zero beyond its end and is not written there") {
    // The records of a host from before the memory was added.
    constexpr auto old_sample = offsetof(stipend_sample, memory);
    constexpr auto old_decision = offsetof(stipend_decision, memory);
    alignas(8) std::uint8_t in[2][old_sample]{};
    // The second record ends at the guard.
    struct alignas(8) {
        std::uint8_t records[2][old_decision]{};
        std::uint8_t guard = 0xEE;
    } memory;
    auto& out = memory.records;
    for (std::uint32_t k = 0; k < 2; ++k) {
        const std::uint32_t sizes[] = {old_sample, old_decision};
        const std::uint64_t epoch = k + 5;
        std::memcpy(in[k], &sizes[0], 4);
        std::memcpy(in[k] + offsetof(stipend_sample, epoch), &epoch, 8);
        std::memcpy(out[k], &sizes[1], 4);
    }
    REQUIRE(table.decide(made.get(), reinterpret_cast<const stipend_sample*>(in), old_sample,
                         reinterpret_cast<stipend_decision*>(out), old_decision, 2, &error) == STIPEND_OK);
    for (std::uint32_t k = 0; k < 2; ++k) {
        std::int64_t amount = 0;
        std::uint32_t size = 0;
        std::memcpy(&size, out[k], 4);
        std::memcpy(&amount, out[k] + offsetof(stipend_decision, amount_usd_e8), 8);
        CHECK(size == old_decision);
        CHECK(amount == k + 5);
    }
    CHECK(memory.guard == 0xEE);
}

TEST_CASE_FIXTURE(Fixture, "the first error ends a batch with its message") {
    stipend_sample in[2]{};
    stipend_decision out[2]{};
    for (auto& record : in) record.size = sizeof record;
    for (auto& record : out) record.size = sizeof record;
    in[0].epoch = 13;
    CHECK(table.decide(made.get(), in, sizeof in[0], out, sizeof out[0], 2, &error) == STIPEND_E_INVALID);
    CHECK(std::string(error.message) == "unlucky");
    CHECK(out[1].action == 0);
}

TEST_CASE_FIXTURE(Fixture, "an empty batch is decided without access to its pointers") {
    CHECK(table.decide(made.get(), nullptr, 0, nullptr, 0, 0, &error) == STIPEND_OK);
}

TEST_CASE_FIXTURE(Fixture, "bounds are computed from the given terms") {
    std::int64_t most = 0;
    std::int64_t soonest = 0;
    CHECK(table.bounds(made.get(), &minute_terms, &most, &soonest, &error) == STIPEND_OK);
    CHECK(most == 10 * e8);
    CHECK(soonest == 60'000'000'000);
}
