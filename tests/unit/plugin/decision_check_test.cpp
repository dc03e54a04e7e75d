// What the host accepts of a policy's decisions, against rules written out one by one.
#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "host/plugin/decision_check.hpp"
#include "host/plugin/policy_instance.hpp"

using namespace stipend;
using namespace stipend::plugin;

namespace {

// The decision of the next call, by the number of the sample, which is its epoch.
std::function<void(std::uint64_t, stipend_decision&)> decide_next;

stipend_status decide(const stipend_instance*, const stipend_sample* in, std::uint64_t in_stride, stipend_decision* out,
                      std::uint64_t out_stride, std::uint64_t count, stipend_error*) {
    if (in_stride != sizeof(stipend_sample) || out_stride != sizeof(stipend_decision)) return STIPEND_E_INVALID;
    for (std::uint64_t at = 0; at < count; ++at) decide_next(in[at].epoch, out[at]);
    return STIPEND_OK;
}

stipend_status bounds(const stipend_instance*, const stipend_terms*, std::int64_t*, std::int64_t*, stipend_error*) {
    return STIPEND_OK;
}

int object = 0;
const stipend_policy_v1 table{1, 0, &decide, &bounds};
const stipend_lifecycle_v1 lifecycle{
    [](stipend_str, stipend_str, const stipend_terms*, stipend_error*) -> stipend_status { return STIPEND_OK; },
    [](const stipend_host*, stipend_str, stipend_str, stipend_str, const stipend_terms*, stipend_instance** out,
       stipend_error*) -> stipend_status {
        *out = reinterpret_cast<stipend_instance*>(&object);
        return STIPEND_OK;
    },
    [](stipend_instance*, stipend_error*) -> stipend_status { return STIPEND_OK; },
    [](stipend_instance*) {},
    [](stipend_instance*, stipend_error*) -> stipend_status { return STIPEND_OK; },
    [](stipend_instance*, const char*) -> const void* { return &table; },
    [](stipend_instance*) {},
};

struct Policy {
    stipend_entry entry{};
    Description description;
    std::unique_ptr<PolicyInstance> instance;

    Policy() {
        entry.lifecycle = &lifecycle;
        auto made = PolicyInstance::create(entry, description, "p.so", "test", "{}", testing::minute_terms());
        REQUIRE(made.ok());
        instance = std::move(*made);
    }

    // The message about a single decision; empty where it is accepted.
    [[nodiscard]] std::string message_of(const stipend_sample& sample, const stipend_decision& wanted) const {
        decide_next = [&](std::uint64_t, stipend_decision& out) { out = wanted; };
        stipend_decision out{};
        const auto decided = instance->decide({&sample, 1}, {&out, 1});
        if (!decided) return decided.error().message;
        CHECK(std::memcmp(&out, &wanted, sizeof out) == 0);
        return {};
    }
};

stipend_sample good_sample() {
    auto sample = make_record<stipend_sample>();
    sample.job = STIPEND_JOB_OK;
    return sample;
}

stipend_decision skip() {
    auto decision = make_record<stipend_decision>();
    decision.action = STIPEND_SKIP;
    return decision;
}

template <std::size_t N>
bool is_clean(const char (&field)[N]) {
    std::size_t end = 0;
    while (end < N && field[end] != '\0') ++end;
    if (end == N) return false;
    for (; end < N; ++end) {
        if (field[end] != '\0') return false;
    }
    return true;
}

}  // namespace

TEST_CASE("a text that ends anywhere is accepted, and one byte after its end is not, wherever that is") {
    const Policy policy;
    const auto check = [&](const char* name, auto field_of) {
        auto decision = skip();
        auto& field = field_of(decision);
        constexpr auto size = sizeof field;
        for (std::size_t length = 0; length <= size; ++length) {
            std::memset(field, 0, size);
            std::memset(field, 'x', length);
            CHECK(policy.message_of(good_sample(), decision).empty() == is_clean(field));
            CHECK(is_clean(field) == (length < size));
            for (std::size_t stray = length + 1; stray < size; ++stray) {
                field[stray] = '\x01';
                CAPTURE(length);
                CAPTURE(stray);
                CHECK(policy.message_of(good_sample(), decision) ==
                      cat("decide: p.so: : ", name, ": got an unterminated text, or bytes after its end"));
                field[stray] = '\0';
            }
        }
    };
    check(
        "tier", [](stipend_decision & decision) -> auto& { return decision.tier; });
    check(
        "reason", [](stipend_decision & decision) -> auto& { return decision.reason; });
}

TEST_CASE("a byte that is no printable ASCII is found at each place, among good decisions") {
    std::vector<stipend_sample> samples(3, good_sample());
    std::vector<stipend_decision> decisions(3, skip());
    for (auto& decision : decisions) {
        set_text(decision.tier, "excellent");
        set_text(decision.reason, "uptime 100 %");
    }
    const auto all_good = [&] { return all_sound_and_printable(samples, decisions); };
    REQUIRE(all_good());
    const auto check = [&](auto& field) {
        constexpr auto size = sizeof field;
        std::memset(field, 'x', size - 1);
        for (std::size_t at = 0; at + 1 < size; ++at) {
            for (int value = 1; value < 256; ++value) {
                field[at] = static_cast<char>(value);
                CAPTURE(at);
                CAPTURE(value);
                CHECK(all_good() == (value >= 0x20 && value < 0x7F));
            }
            field[at] = 'x';
        }
        REQUIRE(all_good());
        field[size - 1] = 'x';  // no end
        CHECK_FALSE(all_good());
        field[size - 1] = '\0';
    };
    check(decisions[1].tier);
    check(decisions[2].reason);
    decisions[0].uptime_ppm = 1'000'001;
    CHECK_FALSE(all_good());
    decisions[0].uptime_ppm = 0;
    samples[2].job = STIPEND_JOB_UNKNOWN;
    CHECK_FALSE(all_good());
}

TEST_CASE("many decisions are accepted together exactly where each is by itself, at every edge of their fields") {
    const std::int64_t wide[] = {0, 1, -1, INT64_MIN, INT64_MAX, 1LL << 32, UINT32_MAX, max_wait_ns, max_wait_ns + 1};
    const std::uint32_t narrow[] = {0, 1, 2, 7, 1'000'000, 1'000'001, 1U << 31, UINT32_MAX};
    const std::int32_t kinds[] = {STIPEND_PAY, STIPEND_SKIP, STIPEND_HOLD, 0, 4, -1, INT32_MIN};
    const std::string texts[] = {"",
                                 "uptime 100 %",
                                 std::string(31, 'x'),
                                 std::string(32, 'x'),
                                 std::string(127, 'x'),
                                 std::string(128, 'x'),
                                 std::string("a\0b", 3),
                                 std::string(40, '~') + "\x7F"};
    std::uint32_t random = 1;
    const auto pick = [&](const auto& from) -> const auto& {
        random = random * 1'664'525 + 1'013'904'223;
        return from[(random >> 16) % std::size(from)];
    };
    const auto fill = [](auto& field, const std::string& text) {
        std::memset(field, 0, sizeof field);
        std::memcpy(field, text.data(), std::min(sizeof field, text.size()));
    };
    std::vector<stipend_sample> samples(3, good_sample());
    std::vector<stipend_decision> decisions(3, skip());
    std::size_t accepted = 0, refused = 0;
    for (int round = 0; round < 100'000; ++round) {
        // One or two fields of one of them: all else is good, so that it is these that decide.
        const std::size_t at = random % decisions.size();
        auto& decision = decisions[at];
        decision = skip();
        samples[at] = good_sample();
        for (std::uint32_t left = 1 + random % 2; left > 0; --left) {
            switch (const auto value = pick(narrow); (random >> 8) % 11) {
                case 0:
                    decision.size += pick(narrow);
                    break;
                case 1:
                    decision.action = pick(kinds);
                    break;
                case 2:
                    decision.amount_usd_e8 = pick(wide);
                    break;
                case 3:
                    decision.delay_ns = pick(wide);
                    break;
                case 4:
                    decision.penalty_ns = pick(wide);
                    break;
                case 5:
                    decision.uptime_ppm = value;
                    break;
                case 6:
                    decision.flags = value;
                    break;
                case 7:
                    decision.consecutive_failures = value;
                    break;
                case 8:
                    fill(decision.tier, pick(texts));
                    break;
                case 9:
                    fill(decision.reason, pick(texts));
                    break;
                default:
                    samples[at].job = pick(kinds);
                    break;
            }
        }
        bool each = true;
        for (std::size_t i = 0; i < decisions.size(); ++i) {
            auto printed = decisions[i];
            each = each && is_sound(samples[i], decisions[i]);
            if (!each) break;
            make_printable(printed);
            each = std::memcmp(&printed, &decisions[i], sizeof printed) == 0;
        }
        CAPTURE(round);
        REQUIRE(all_sound_and_printable(samples, decisions) == each);
        ++(each ? accepted : refused);
        if (!each) decision = skip();
        if (!each) samples[at] = good_sample();
    }
    CHECK(accepted > 10'000);
    CHECK(refused > 10'000);
}

TEST_CASE("each text of a large batch is made printable, and no other is changed") {
    const Policy policy;
    constexpr std::size_t count = 1000;
    constexpr std::uint64_t odd = 777;
    decide_next = [](std::uint64_t epoch, stipend_decision& out) {
        out.action = STIPEND_SKIP;
        set_text(out.reason, epoch == odd ? "a\x1B[2J" : cat("number ", epoch));
    };
    std::vector<stipend_sample> in(count, good_sample());
    for (std::size_t at = 0; at < count; ++at) in[at].epoch = at;
    std::vector<stipend_decision> out(count);
    REQUIRE(policy.instance->decide(in, out));
    for (std::size_t at = 0; at < count; ++at) {
        CHECK(std::string(out[at].reason) == (at == odd ? "a<U+001B>[2J" : cat("number ", at)));
    }
}

TEST_CASE("action, job and amount are held to each other") {
    const Policy policy;
    const auto expected = [](const stipend_sample& sample, const stipend_decision& decision) -> std::string {
        const bool pays = decision.action == STIPEND_PAY;
        const bool holds = decision.action == STIPEND_HOLD;
        const auto wait = [](const char* field, std::int64_t ns) {
            return ns >= 0 && ns <= max_wait_ns ? std::string()
                                                : cat(field, ": got ", ns, ", want 0 .. 31622400000000000");
        };
        if (decision.action < STIPEND_PAY || decision.action > STIPEND_HOLD) {
            return cat("action: got ", decision.action, ", want PAY, SKIP or HOLD");
        }
        if (decision.amount_usd_e8 < 0) {
            return cat("amount_usd_e8: got ", decision.amount_usd_e8, ", want 0 .. 9223372036854775807");
        }
        if (const auto delay = wait("delay_ns", decision.delay_ns); !delay.empty()) return delay;
        if (const auto penalty = wait("penalty_ns", decision.penalty_ns); !penalty.empty()) return penalty;
        if (!holds && sample.job == STIPEND_JOB_UNKNOWN) {
            return "action: got a decision on a job of unknown outcome, want HOLD";
        }
        if (!pays && decision.amount_usd_e8 != 0) return "amount_usd_e8: got an amount without PAY, want 0";
        if (pays && sample.job != STIPEND_JOB_OK) return "action: got PAY for a failed job, want SKIP or HOLD";
        return {};
    };
    constexpr std::int32_t jobs[] = {0, STIPEND_JOB_OK, STIPEND_JOB_FAILED, STIPEND_JOB_UNKNOWN};
    constexpr std::int32_t actions[] = {-1, 0, STIPEND_PAY, STIPEND_SKIP, STIPEND_HOLD, 4};
    auto sample = good_sample();
    for (const auto job : jobs) {
        sample.job = job;
        for (const auto action : actions) {
            for (const std::int64_t usd : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
                for (const std::int64_t wait :
                     {std::int64_t{0}, std::int64_t{-1}, max_wait_ns, max_wait_ns + 1, INT64_MIN}) {
                    for (const bool penalty : {false, true}) {
                        auto decision = skip();
                        decision.action = action;
                        decision.amount_usd_e8 = usd;
                        (penalty ? decision.penalty_ns : decision.delay_ns) = wait;
                        const auto want = expected(sample, decision);
                        CHECK(policy.message_of(sample, decision) == (want.empty() ? want : "decide: p.so: : " + want));
                    }
                }
            }
        }
    }
}

TEST_CASE("an uptime, a count of failures, flags or a size that cannot be is refused by its name") {
    const Policy policy;
    auto sample = good_sample();
    sample.consecutive_failures = 4;
    const auto message = [&](auto change) {
        auto decision = skip();
        change(decision);
        return policy.message_of(sample, decision);
    };
    CHECK(message([](auto& d) { d.uptime_ppm = 1'000'000; }).empty());
    CHECK(message([](auto& d) { d.uptime_ppm = 1'000'001; }) ==
          "decide: p.so: : uptime_ppm: got 1000001, want 0 .. 1000000");
    CHECK(message([](auto& d) { d.uptime_ppm = UINT32_MAX; }) ==
          "decide: p.so: : uptime_ppm: got 4294967295, want 0 .. 1000000");
    CHECK(message([](auto& d) { d.consecutive_failures = 5; }).empty());
    CHECK(message([](auto& d) { d.consecutive_failures = 6; }) ==
          "decide: p.so: : consecutive_failures: got more than one above the sample's");
    CHECK(message([](auto& d) { d.flags = STIPEND_DECISION_SUSPENDED; }).empty());
    CHECK(message([](auto& d) { d.flags = 3; }) == "decide: p.so: : flags: got 3, want none but those of 1");
    CHECK(message([](auto& d) { d.size = 8; }) ==
          cat("decide: p.so: : size: got 8, want ", sizeof(stipend_decision), " .. ", sizeof(stipend_decision)));
    sample.consecutive_failures = UINT32_MAX;
    CHECK(message([](auto& d) { d.consecutive_failures = UINT32_MAX; }).empty());
}

TEST_CASE("what a terminal obeys in a tier or a reason is named, at any place, and the field stays clean") {
    const Policy policy;
    const auto sample = good_sample();
    const auto accepted = [&](auto change) {
        decide_next = [&](std::uint64_t, stipend_decision& out) {
            out.action = STIPEND_SKIP;
            change(out);
        };
        stipend_decision out{};
        REQUIRE(policy.instance->decide({&sample, 1}, {&out, 1}).ok());
        CHECK(is_clean(out.tier));
        CHECK(is_clean(out.reason));
        return out;
    };
    for (std::size_t at = 0; at < sizeof(stipend_decision::reason) - 1; ++at) {
        for (const char c : {'\n', '\x1B', '\x7F', '\xFF', '\x01', '\t'}) {
            CAPTURE(at);
            const auto out = accepted([&](stipend_decision& d) {
                std::memset(d.reason, 'a', at);
                d.reason[at] = c;
            });
            const std::string_view reason = out.reason;
            CHECK(reason.find(c) == std::string_view::npos);
            CHECK(reason.starts_with(std::string(at, 'a')));
            if (at < 100) CHECK(reason.substr(at).starts_with(c == '\xFF' ? "<0xFF>" : "<U+00"));
        }
    }
    const auto out = accepted([](stipend_decision& d) {
        set_text(d.tier, "g\xC3\xBCt\n");
        set_text(d.reason, "plain, \xE2\x82\xAC 5");
    });
    CHECK(std::string(out.tier) == "g\xC3\xBCt<U+000A>");
    CHECK(std::string(out.reason) == "plain, \xE2\x82\xAC 5");
}

TEST_CASE("every decision of a batch is checked, in batches of any size") {
    const Policy policy;
    for (const std::size_t size : {1, 2, 31, 32, 33, 64, 65, 100}) {
        std::vector<stipend_sample> in(size, good_sample());
        for (std::size_t at = 0; at < size; ++at) in[at].epoch = at;
        for (std::size_t bad = 0; bad <= size; ++bad) {
            // Left over from an earlier call, as in a buffer that is used again.
            std::vector<stipend_decision> out(size);
            std::memset(static_cast<void*>(out.data()), 0xA5, size * sizeof out[0]);
            decide_next = [&](std::uint64_t number, stipend_decision& decision) {
                CHECK(decision.size == sizeof decision);
                CHECK(decision.memory.bytes[127] == 0);
                decision.action = number == bad ? 42 : STIPEND_SKIP;
                decision.uptime_ppm = static_cast<std::uint32_t>(number);
            };
            const auto decided = policy.instance->decide(in, out);
            CHECK(decided.ok() == (bad == size));
            if (!decided) continue;
            for (std::size_t at = 0; at < size; ++at) {
                CHECK(out[at].uptime_ppm == at);
                CHECK(out[at].tier[0] == '\0');
            }
        }
    }
}
