#include <doctest/doctest.h>

#include <set>

#include "host/ledger/canonical.hpp"
#include "host/ledger/columns.hpp"
#include "stipend/hex.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

TEST_CASE("Keccak-256 is Ethereum's, not SHA-3") {
    CHECK(hex_encode(keccak256("")) == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(hex_encode(keccak256("abc")) == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

TEST_CASE("the canonical bytes of a state are as documented") {
    EngineState state;
    state.epoch = 1;
    state.due_at = 128;
    state.interval_ns = -129;
    state.last_decided_at = -1;
    state.memory.bytes[1] = 7;
    std::string bytes;
    encode_state(bytes, state);
    CHECK(hex_encode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}) ==
          "0101"                // epoch 1
          "020080"              // 128 needs a byte for its sign
          "02ff7f"              // -129
          "01ff"                // -1
          "000000000000000000"  // nine zeros, each of no bytes
          "01020007");          // two bytes of memory
}

TEST_CASE("a memory is cut after its last byte that is not zero, wherever that is") {
    for (std::size_t size = 0; size <= sizeof stipend_memory::bytes; ++size) {
        stipend_memory memory{};
        if (size > 0) memory.bytes[size - 1] = 1;
        if (size > 3) memory.bytes[size - 3] = 0xFF;
        const auto cut = trimmed(memory);
        CHECK(cut.size() == size);
        CHECK(static_cast<const void*>(cut.data()) == memory.bytes);
    }
}

TEST_CASE("the canonical bytes of an integer are its shortest two's complement") {
    const auto survives = [](std::int64_t value) {
        EngineState state;
        state.day = value;
        std::string bytes;
        encode_state(bytes, state);
        const std::size_t size = static_cast<std::uint8_t>(bytes.at(11));  // behind eleven zeros
        std::uint64_t read = size > 0 && (bytes.at(12) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = 0; i < size; ++i) read = read << 8 | static_cast<std::uint8_t>(bytes.at(12 + i));
        // One byte less would not do.
        const std::int64_t bound = size < 2 ? 0 : std::int64_t{1} << (8 * (size - 1) - 1);
        return static_cast<std::int64_t>(read) == value &&
               (size < 2 ? value >= -128 && value < 128 : value < -bound || value >= bound);
    };
    for (int shift = 0; shift < 63; ++shift) {
        for (const std::int64_t near : {-1, 0, 1}) {
            CHECK(survives((std::int64_t{1} << shift) + near));
            CHECK(survives(-(std::int64_t{1} << shift) + near));
        }
    }
    CHECK(survives(INT64_MAX));
    CHECK(survives(INT64_MIN));
}

namespace {

// Gives one field of a row another value.
struct Changer {
    template <class T>
    requires(std::integral<T> || std::is_enum_v<T>) void operator()(T& value) const {
        value = static_cast<T>(static_cast<std::int64_t>(value) ^ 1);
    }
    template <class T>
    void operator()(std::optional<T>& value) const {
        value = value ? std::nullopt : std::optional<T>(0);
    }
    void operator()(Usd& usd) const { usd = *usd.plus(Usd::of_e8(1)); }
    void operator()(std::string& text) const { text += 'x'; }
    void operator()(const Blob<std::string>& blob) const { blob.bytes += 'x'; }
    void operator()(Hash& hash) const { hash[31] ^= 1; }
    void operator()(Wei& wei) const { wei = *wei.plus(Wei(1)); }
    void operator()(stipend_memory& memory) const { memory.bytes[127] ^= 1; }
};

// Each listed field of the row in turn is changed, alone: the bytes differ from those of all others.
template <class Row>
std::size_t distinct_encodings(const Row& row, std::string (*encoded)(const Row&)) {
    std::set<std::string> all{encoded(row)};
    std::size_t count = 0;
    flat_fields(row, [&](const Field&, const auto&) { ++count; });
    for (std::size_t changed = 0; changed < count; ++changed) {
        Row other = row;
        std::size_t at = 0;
        flat_fields(other, [&](const Field&, auto&& value) {
            if (at++ == changed) Changer()(value);
        });
        all.insert(encoded(other));
    }
    CHECK(all.size() == count + 1);
    return count;
}

}  // namespace

TEST_CASE("every field of a decision and of a state changes its canonical bytes") {
    const Decided first = next_decision(1, orchestrator(1).state);
    CHECK(distinct_encodings<Decision>(first.decision, [](const Decision& d) {
              std::string out;
              encode_decision(out, d, {});
              return out;
          }) == 26);
    CHECK(distinct_encodings<EngineState>(first.after, [](const EngineState& s) {
              std::string out;
              encode_state(out, s);
              return out;
          }) == 14);
}

TEST_CASE(
    "a byte that moves from one text to its neighbour, a missing uptime and the state change a decision's bytes") {
    const Decided first = next_decision(1, orchestrator(1).state);
    const auto encoded = [](const Decision& d, const Hash& digest = {}) {
        std::string out;
        encode_decision(out, d, digest);
        return out;
    };
    Decision one = first.decision;
    one.tier = "ab";
    one.reason = "";
    Decision other = one;
    other.tier = "a";
    other.reason = "b";
    CHECK(encoded(one) != encoded(other));
    other = one;
    one.uptime_ppm.reset();
    other.uptime_ppm = 0;
    CHECK(encoded(one) != encoded(other));
    CHECK(encoded(one) != encoded(one, Hash{1}));
}

TEST_CASE("a statement has a placeholder for each column of its record") {
    CHECK(columns<Price>() == "usd_per_eth_e8, at, source, network");
    CHECK(columns<Evidence>() == "http_status, served_by, latency_ns, window_s, body_hash, body_head");
    CHECK(columns<Decision>().ends_with("generation, " + columns<Evidence>()));
    CHECK(insert_sql("price", cat("seq, ", columns<Price>())) ==
          "INSERT INTO price(seq, usd_per_eth_e8, at, source, network) VALUES(?,?,?,?,?)");
}

TEST_CASE("every text and blob of a record that a batch holds has a bound") {
    const auto check = []<class Row>(const Row& row) {
        flat_fields(row, [](const Field& field, const auto& value) {
            constexpr bool text = requires {
                value.text.size();
            }
            || requires {
                value.bytes.size();
            }
            || std::same_as<decltype(value), const std::string&>;
            CAPTURE(field.column);
            CHECK(text == (field.max_bytes > 0));
        });
    };
    check(Decision());
    check(Orchestrator());
    check(Generation());
    check(GapOpening());
    check(Adjustment());
    check(ManualPayment());
    check(Demand());
    check(Objection());
    check(ObjectionAnswer());
    check(AnsweredRequest());
    check(Payout());
    check(Slot());
    check(Attempt());
    check(PayoutStep());
    check(SlotEnd());
    check(Price());
    check(Observation());
}

TEST_CASE("disk_days_left returns whole days, and none without growth") {
    constexpr std::int64_t hour_ns = 60 * minute_ns;
    CHECK(disk_days_left(1'000'000, 100'000, 24 * hour_ns) == 10);
    CHECK(disk_days_left(999'999, 100'000, 24 * hour_ns) == 9);
    CHECK(disk_days_left(240'000, 10'000, hour_ns) == 1);
    CHECK(disk_days_left(0, 100'000, 24 * hour_ns) == 0);
    CHECK(!disk_days_left(1'000'000, 100'000, hour_ns - 1));
    CHECK(!disk_days_left(1'000'000, 0, 24 * hour_ns));
    CHECK(disk_days_left(UINT64_MAX, 1, 24 * hour_ns) == UINT64_MAX);
    CHECK(disk_days_left(UINT64_MAX, UINT64_MAX, INT64_MAX) == 106'751);
}

TEST_CASE("a batch is empty until one of its members is set") {
    CHECK(Batch().empty());
    const auto fills = [](auto&& change) {
        Batch batch;
        change(batch);
        CHECK(!batch.empty());
    };
    fills([](Batch& b) { b.generations.emplace_back(); });
    fills([](Batch& b) { b.added.emplace_back(); });
    fills([](Batch& b) { b.changed.emplace_back(); });
    fills([](Batch& b) { b.gaps_closed.emplace_back(); });
    fills([](Batch& b) { b.decisions.emplace_back(); });
    fills([](Batch& b) { b.gaps_opened.emplace_back(); });
    fills([](Batch& b) { b.adjustments.emplace_back(); });
    fills([](Batch& b) { b.payments.emplace_back(); });
    fills([](Batch& b) { b.objections.emplace_back(); });
    fills([](Batch& b) { b.objection_answers.emplace_back(); });
    fills([](Batch& b) { b.answered.emplace_back(); });
    fills([](Batch& b) { b.payouts.reserved.emplace_back(); });
    fills([](Batch& b) { b.payouts.slots.emplace_back(); });
    fills([](Batch& b) { b.payouts.attempts.emplace_back(); });
    fills([](Batch& b) { b.payouts.steps.emplace_back(); });
    fills([](Batch& b) { b.payouts.ends.emplace_back(); });
    fills([](Batch& b) { b.prices.emplace_back(); });
    fills([](Batch& b) { b.observations.emplace_back(); });
    fills([](Batch& b) { b.forget_observations_before = 0; });
    fills([](Batch& b) { b.events.emplace_back(); });
}
