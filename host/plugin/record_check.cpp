#include "host/plugin/record_check.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <tuple>
#include <utility>

#include "host/base/printable.hpp"
#include "stipend/money.hpp"
#include "stipend/record.hpp"

#ifdef __clang__
#pragma clang diagnostic ignored "-Wbitwise-instead-of-logical"  // the checks take no branch, on purpose
#endif

namespace stipend::plugin {
namespace {

// Sixteen bytes, compared at once.
using Block = std::uint8_t __attribute__((vector_size(16)));

Block block_at(const char* bytes) {
    Block block;
    std::memcpy(&block, bytes, sizeof block);
    return block;
}

bool any(Block block) {
    std::uint64_t halves[2];
    std::memcpy(halves, &block, sizeof block);
    return (halves[0] | halves[1]) != 0;
}

// A text field is NUL-terminated and zero from there on: decisions are compared byte by byte. That is, its last byte is
// zero, and no zero byte comes before another one that is not. Without a branch: how long a text is cannot be
// predicted, and every decision passes here.
template <std::size_t N>
bool is_terminated(const char (&field)[N]) {
    constexpr auto width = sizeof(Block);
    static_assert(N > width && N % width == 0);
    const auto broken_at = [&](std::size_t at) {
        return reinterpret_cast<Block>(block_at(field + at) == 0) & block_at(field + at + 1);
    };
    Block broken = broken_at(N - width - 1);  // the last pair of bytes is in a block that ends with the field
#pragma GCC unroll 8
    for (std::size_t at = 0; at + width < N; at += width) broken |= broken_at(at);
    return !any(broken) & (field[N - 1] == '\0');
}

// Bytes that are compared at once: 16 on every processor, 32 where it can.
struct Narrow {
    using Bytes = Block;
    using Signed = std::int8_t __attribute__((vector_size(16)));
};
struct Wide {
    using Bytes = std::uint8_t __attribute__((vector_size(32)));
    using Signed = std::int8_t __attribute__((vector_size(32)));
};

// Adds to `bad`, bit by bit, where a field holds anything but ASCII without control characters and zeros after it,
// which is rare; its last byte, which is to be zero, to `last`. Nothing is reduced to a truth value here: that is done
// once for many fields.
template <class Width, std::size_t N>
[[gnu::always_inline]] inline void add_unless_plain(const char (&field)[N], typename Width::Bytes& bad, char& last) {
    using Bytes = typename Width::Bytes;
    constexpr auto width = sizeof(Bytes);
    static_assert(N > width && N % width == 0);
    Bytes block, next;
#pragma GCC unroll 8
    for (std::size_t at = 0; at < N; at += width) {
        std::memcpy(&block, field + at, width);
        // 0x20 .. 0x7E, and no other byte, is above 0x20 once it is one more: 0x7F and what follows turn negative.
        const auto text = reinterpret_cast<Bytes>(reinterpret_cast<typename Width::Signed>(block + 1) > 0x20);
        const auto zero = reinterpret_cast<Bytes>(block == 0);
        bad |= ~(text | zero);
        if (at + width == N) continue;
        std::memcpy(&next, field + at + 1, width);
        bad |= zero & next;  // what follows a zero is zero
    }
    std::memcpy(&next, field + N - width - 1, width);
    bad |= reinterpret_cast<Bytes>(next == 0) & block;
    last |= field[N - 1];
}

template <std::size_t N>
void make_field_printable(char (&field)[N]) {
    Block other{};
    char last = 0;
    add_unless_plain<Narrow>(field, other, last);
    if (any(other) || last != 0) set_text(field, printable_line(std::string_view(field, strnlen(field, N))));
}

std::string shown(std::int64_t value) {
    return std::to_string(value);
}

// --- The kinds of rules. Each has `holds(record)` and `what(record)`.

// A number within its range.
template <auto Member, std::int64_t Min, std::int64_t Max>
struct Range {
    const char* field;

    template <class Record>
    [[nodiscard]] constexpr bool holds(const Record& record) const {
        if constexpr (Min == Max) return std::cmp_equal(record.*Member, Min);
        return std::cmp_greater_equal(record.*Member, Min) & std::cmp_less_equal(record.*Member, Max);
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        return cat(field, ": got ", std::to_string(record.*Member), ", want ", shown(Min), " .. ", shown(Max));
    }
};

// One of a few named values, which are adjacent.
template <auto Member, std::int64_t Min, std::int64_t Max>
struct OneOf {
    const char* field;
    const char* names;

    template <class Record>
    [[nodiscard]] constexpr bool holds(const Record& record) const {
        return (record.*Member >= Min) & (record.*Member <= Max);
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        return cat(field, ": got ", std::to_string(record.*Member), ", want ", names);
    }
};

// Flags of which only some are defined.
template <auto Member, std::uint32_t Known>
struct Flags {
    const char* field;

    template <class Record>
    [[nodiscard]] constexpr bool holds(const Record& record) const {
        return (record.*Member & ~Known) == 0;
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        return cat(field, ": got ", record.*Member, ", want none but those of ", Known);
    }
};

// A fixed text field.
template <auto Member>
struct TextArray {
    const char* field;

    template <class Record>
    [[nodiscard]] bool holds(const Record& record) const {
        return is_terminated(record.*Member);
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record&) const {
        return cat(field, ": got an unterminated text, or bytes after its end");
    }
};

// A text or bytes by pointer and length.
template <auto Member>
struct Pointed {
    const char* field;

    template <class Record>
    [[nodiscard]] bool holds(const Record& record) const {
        return (record.*Member).len <= max_text_bytes && ((record.*Member).len == 0 || (record.*Member).ptr != nullptr);
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        if ((record.*Member).len <= max_text_bytes) return cat(field, ": got ", (record.*Member).len, " bytes at NULL");
        return cat(field, ": got ", (record.*Member).len, " bytes, want at most ", max_text_bytes);
    }
};

// A relation of several fields.
template <class Test>
struct Relation {
    const char* text;
    Test test;

    template <class... Record>
    [[nodiscard]] constexpr bool holds(const Record&... record) const {
        return test(record...);
    }
    template <class... Record>
    [[nodiscard]] std::string what(const Record&...) const {
        return text;
    }
};
template <class Test>
Relation(const char*, Test) -> Relation<Test>;

template <class Rules, class Record>
[[gnu::always_inline]] inline bool all_hold(const Rules& rules, const Record& record) {
    return std::apply([&](const auto&... rule) { return (true & ... & rule.holds(record)); }, rules);
}

template <class Rules, class Record>
std::optional<std::string> first_broken(const Rules& rules, const Record& record) {
    std::optional<std::string> out;
    const auto look = [&](const auto& rule) {
        if (rule.holds(record)) return true;
        out = rule.what(record);
        return false;
    };
    std::apply([&](const auto&... rule) { static_cast<void>((look(rule) && ...)); }, rules);
    return out;
}

// --- The tables.

// A decision, and the sample that it is about.
struct Decided {
    const stipend_sample& sample;
    const stipend_decision& decision;
};

using Decision = stipend_decision;
constexpr std::tuple decision_numbers{
    OneOf<&Decision::action, STIPEND_PAY, STIPEND_HOLD>{"action", "PAY, SKIP or HOLD"},
    Range<&Decision::size, sizeof(Decision), sizeof(Decision)>{"size"},
    Range<&Decision::amount_usd_e8, 0, INT64_MAX>{"amount_usd_e8"},
    Range<&Decision::delay_ns, 0, max_wait_ns>{"delay_ns"},
    Range<&Decision::penalty_ns, 0, max_wait_ns>{"penalty_ns"},
    Range<&Decision::uptime_ppm, 0, ppm_one>{"uptime_ppm"},
    Flags<&Decision::flags, STIPEND_DECISION_SUSPENDED>{"flags"},
};
constexpr std::tuple decision_texts{
    TextArray<&Decision::tier>{"tier"},
    TextArray<&Decision::reason>{"reason"},
};
constexpr std::tuple decision_relations{
    Relation{
        "action: got a decision on a job of unknown outcome, want HOLD",
        [](const Decided& d) { return (d.decision.action == STIPEND_HOLD) | (d.sample.job != STIPEND_JOB_UNKNOWN); }},
    Relation{"amount_usd_e8: got an amount without PAY, want 0",
             [](const Decided& d) { return (d.decision.action == STIPEND_PAY) | (d.decision.amount_usd_e8 == 0); }},
    Relation{"action: got PAY for a failed job, want SKIP or HOLD",
             [](const Decided& d) { return (d.decision.action != STIPEND_PAY) | (d.sample.job == STIPEND_JOB_OK); }},
    Relation{"consecutive_failures: got more than one above the sample's",
             [](const Decided& d) {
                 return d.decision.consecutive_failures <= std::uint64_t{d.sample.consecutive_failures} + 1;
             }},
};

using JobRecord = stipend_job_result;
constexpr std::uint32_t result_flags = STIPEND_RESULT_REPORTED | STIPEND_RESULT_SIGNED | STIPEND_RESULT_ANSWERED |
                                       STIPEND_RESULT_UNLISTED | STIPEND_RESULT_OVER_FEE | STIPEND_RESULT_UNFUNDED;
constexpr std::uint32_t unknown_only = STIPEND_RESULT_UNLISTED | STIPEND_RESULT_OVER_FEE | STIPEND_RESULT_UNFUNDED;
constexpr std::tuple job_result_rules{
    OneOf<&JobRecord::outcome, STIPEND_JOB_OK, STIPEND_JOB_UNKNOWN>{"outcome", "OK, FAILED or UNKNOWN"},
    Range<&JobRecord::http_status, 0, 999>{"http_status"},
    Flags<&JobRecord::flags, result_flags>{"flags"},
    Range<&JobRecord::reported_ppm, 0, ppm_one>{"reported_ppm"},
    Range<&JobRecord::latency_ns, 0, ns_per_day>{"latency_ns"},
    Pointed<&JobRecord::served_by>{"served_by"},
    Pointed<&JobRecord::reason>{"reason"},
    Pointed<&JobRecord::evidence>{"evidence"},
    Relation{"flags: got UNLISTED, OVER_FEE or UNFUNDED with another outcome, want UNKNOWN",
             [](const JobRecord& r) { return r.outcome == STIPEND_JOB_UNKNOWN || (r.flags & unknown_only) == 0; }},
};

using QuoteRecord = stipend_quote;
constexpr std::tuple quote_rules{
    Pointed<&QuoteRecord::base>{"base"},
    Pointed<&QuoteRecord::quote>{"quote"},
    Pointed<&QuoteRecord::source>{"source"},
    Range<&QuoteRecord::exponent, -30, 30>{"exponent"},
    Range<&QuoteRecord::mantissa, 1, INT64_MAX>{"mantissa"},
    Range<&QuoteRecord::observed_at, 0, max_time_ns>{"observed_at"},
    Range<&QuoteRecord::valid_until, 0, max_time_ns>{"valid_until"},
};

using ObservedRecord = stipend_observation;
constexpr std::tuple observation_rules{
    OneOf<&ObservedRecord::verdict, STIPEND_UP, STIPEND_FOUND>{"verdict", "UP, DOWN, DEGRADED, UNKNOWN or FOUND"},
    Pointed<&ObservedRecord::target_id>{"target_id"},
    Pointed<&ObservedRecord::evidence>{"evidence"},
    Range<&ObservedRecord::started_at, 0, max_time_ns>{"started_at"},
    Range<&ObservedRecord::ended_at, 0, max_time_ns>{"ended_at"},
    Relation{"ended_at: got a time before started_at",
             [](const ObservedRecord& o) { return o.ended_at >= o.started_at; }},
};

using CheckMany = bool (*)(std::span<const stipend_sample>, std::span<const stipend_decision>);

template <class Width>
[[gnu::always_inline]] inline bool check_many(std::span<const stipend_sample> samples,
                                              std::span<const stipend_decision> decisions) {
    bool sound = true;
    Block other{};
    typename Width::Bytes others{};
    char last = 0;
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        sound &= all_hold(decision_numbers, decisions[i]);
        sound &= all_hold(decision_relations, Decided{samples[i], decisions[i]});
        add_unless_plain<Narrow>(decisions[i].tier, other, last);
        add_unless_plain<Width>(decisions[i].reason, others, last);
    }
    for (std::size_t at = 0; at < sizeof others; at += sizeof other) {
        other |= block_at(reinterpret_cast<const char*>(&others) + at);
    }
    return sound & !any(other) & (last == 0);
}

bool check_many_anywhere(std::span<const stipend_sample> samples, std::span<const stipend_decision> decisions) {
    return check_many<Narrow>(samples, decisions);
}

#ifdef __x86_64__
[[gnu::target("avx2")]] bool check_many_by_avx2(std::span<const stipend_sample> samples,
                                                std::span<const stipend_decision> decisions) {
    return check_many<Wide>(samples, decisions);
}
CheckMany widest_check() {
    return __builtin_cpu_supports("avx2") != 0 ? &check_many_by_avx2 : &check_many_anywhere;
}
#else
CheckMany widest_check() {
    return &check_many_anywhere;
}
#endif

template <class Rules, class Record>
Result<void> check_all(const Rules& rules, const Record& given) {
    Record scratch{};
    const auto& record = stipend::detail::record_view(&given, scratch);
    const auto broken = first_broken(rules, record);
    if (broken) return fail(STIPEND_E_INVALID, *broken);
    return {};
}

Result<void> check_pair(const char* field, std::string_view got, std::string_view want) {
    if (got == want) return {};
    return fail(STIPEND_E_INVALID, field, ": got \"", printable_line(clip(got, 32)), "\", want \"", want, "\"");
}

}  // namespace

bool is_sound(const stipend_sample& sample, const stipend_decision& decision) {
    return all_hold(decision_numbers, decision) & all_hold(decision_texts, decision) &
           all_hold(decision_relations, Decided{sample, decision});
}

bool all_sound_and_printable(std::span<const stipend_sample> samples, std::span<const stipend_decision> decisions) {
    STIPEND_ASSERT(samples.size() == decisions.size());
    static const auto check = widest_check();
    return check(samples, decisions);
}

Error explain(const stipend_sample& sample, const stipend_decision& decision) {
    auto broken = first_broken(decision_numbers, decision);
    if (!broken) broken = first_broken(decision_texts, decision);
    if (!broken) broken = first_broken(decision_relations, Decided{sample, decision});
    STIPEND_ASSERT(broken);
    return fail(STIPEND_E_INVALID, *broken);
}

void make_printable(stipend_decision& decision) {
    make_field_printable(decision.tier);
    make_field_printable(decision.reason);
}

Result<void> check(const stipend_job_result& result) {
    return check_all(job_result_rules, result);
}

Result<void> check(const stipend_quote& record, std::string_view base, std::string_view quote) {
    STIPEND_TRY(check_all(quote_rules, record));
    stipend_quote scratch{};
    const auto& whole = stipend::detail::record_view(&record, scratch);
    STIPEND_TRY(check_pair("base", view(whole.base), base));
    return check_pair("quote", view(whole.quote), quote);
}

Result<void> check(const stipend_observation& observation) {
    return check_all(observation_rules, observation);
}

std::string line_of(std::string_view text, std::size_t max_bytes) {
    return std::string(clip(printable_line(text.substr(0, max_bytes)), max_bytes));
}

}  // namespace stipend::plugin
