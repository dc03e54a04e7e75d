#include "host/plugin/decision_check.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>

#include "host/base/printable.hpp"
#include "host/plugin/record_rules.hpp"
#include "stipend/money.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin {
namespace {

// Sixteen bytes, compared at once.
using Block = std::uint8_t __attribute__((vector_size(16)));

Block block_at(const char* bytes) {
    Block block;
    std::memcpy(&block, bytes, sizeof block);
    return block;
}

template <class Bytes>
bool any_of(const Bytes& bytes) {
    std::uint64_t parts[sizeof bytes / sizeof(std::uint64_t)], all = 0;
    std::memcpy(parts, &bytes, sizeof bytes);
    for (const auto part : parts) all |= part;
    return all != 0;
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
    return !any_of(broken) & (field[N - 1] == '\0');
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
    if (any_of(other) || last != 0) set_text(field, printable_line(std::string_view(field, strnlen(field, N))));
}

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

// A decision, and the sample that it is about.
struct Decided {
    const stipend_sample& sample;
    const stipend_decision& decision;
};

using Decision = stipend_decision;
// The numbers, by the 16 bytes of a decision that they lie in.
constexpr std::tuple decision_head{
    OneOf<&Decision::action, STIPEND_PAY, STIPEND_HOLD>{"action", "PAY, SKIP or HOLD"},
    Range<&Decision::size, sizeof(Decision), sizeof(Decision)>{"size"},
    Range<&Decision::amount_usd_e8, 0, INT64_MAX>{"amount_usd_e8"},
};
constexpr std::tuple decision_waits{
    Range<&Decision::delay_ns, 0, max_wait_ns>{"delay_ns"},
    Range<&Decision::penalty_ns, 0, max_wait_ns>{"penalty_ns"},
};
constexpr std::tuple decision_shares{
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

// The least and the greatest of each number in many decisions, which make two decisions: all keep to a range where
// these two do. They are compared in lanes of 32 bits without a sign: a negative number is then one of the greatest,
// and so is the upper half of a negative amount, which its range does not ask more of. The waits have no place here.
class Extremes {
  public:
    [[gnu::always_inline]] void add(const Decision& decision) {
        add(&decision.size, head_);
        add(&decision.multiplier_ppm, shares_);
    }
    [[nodiscard]] bool hold() const { return holds(head_.least, shares_.least) & holds(head_.most, shares_.most); }

  private:
    using Lanes = std::uint32_t __attribute__((vector_size(16)));
    struct Pair {
        Lanes least = ~Lanes{}, most{};
    };
    static_assert(offsetof(Decision, amount_usd_e8) == 8 && offsetof(Decision, delay_ns) == sizeof(Lanes));
    static_assert(offsetof(Decision, multiplier_ppm) == 2 * sizeof(Lanes));
    static_assert(offsetof(Decision, tier) == 3 * sizeof(Lanes));
    // Flags are a range only where the known ones are the lowest bits.
    static_assert((STIPEND_DECISION_SUSPENDED & (STIPEND_DECISION_SUSPENDED + 1)) == 0);

    [[gnu::always_inline]] static void add(const void* from, Pair& to) {
        Lanes lanes;
        std::memcpy(&lanes, from, sizeof lanes);
        to.least = lanes < to.least ? lanes : to.least;
        to.most = lanes > to.most ? lanes : to.most;
    }
    static bool holds(const Lanes& head, const Lanes& shares) {
        Decision decision{};
        std::memcpy(&decision.size, &head, sizeof head);
        std::memcpy(&decision.multiplier_ppm, &shares, sizeof shares);
        return all_hold(decision_head, decision) & all_hold(decision_shares, decision);
    }

    Pair head_, shares_;
};

// What the texts of many decisions hold: the tiers, and of each reason the first bytes, which few reasons go beyond.
template <class Width>
class Heads {
  public:
    [[gnu::always_inline]] void add(const Decision& decision) {
        const char* const tier = reinterpret_cast<const char*>(&decision) + offsetof(Decision, tier);
        constexpr auto last = sizeof decision.tier - width;
#pragma GCC unroll 8
        for (std::size_t at = 0; at < last; at += width) add(tier + at, inside_);
        add(tier + last, last_);
        const char* const reason = tier + sizeof decision.tier;
        add(reason, inside_);
#pragma GCC unroll 8
        for (std::size_t at = width; at < sizeof decision.reason; at += width) {
            Bytes bytes;
            std::memcpy(&bytes, reason + at, width);
            longer_ |= bytes;
        }
    }
    // Whether they are ASCII without control characters, with zeros from their ends on.
    [[nodiscard]] bool plain() const {
        auto unordered = last_.unordered;
        unordered[width - 1] = 0;  // behind the last byte of a tier, the reason begins
        unordered |= inside_.unordered;
        const auto other = (inside_.most > 0x7E) | (last_.most > 0x7E) | (least_less_one_ < 0x1F);
        return !any_of(unordered) & !any_of(other) & (last_.most[width - 1] == 0);
    }
    [[nodiscard]] bool longer() const {
        return any_of(longer_);
    }

  private:
    using Bytes = typename Width::Bytes;
    static constexpr auto width = sizeof(Bytes);
    static_assert(sizeof Decision::tier % width == 0 && sizeof Decision::reason % width == 0);
    static_assert(offsetof(Decision, reason) == offsetof(Decision, tier) + sizeof Decision::tier);

    struct Part {
        Bytes most{}, unordered{};  // the latter: not zero where a zero comes before a byte that is none
    };

    [[gnu::always_inline]] void add(const char* from, Part& to) {
        Bytes bytes, next;
        std::memcpy(&bytes, from, width);
        std::memcpy(&next, from + 1, width);
        to.most = bytes > to.most ? bytes : to.most;
        to.unordered |= reinterpret_cast<Bytes>(bytes == 0) & next;
        const Bytes less_one = bytes - 1;  // of a zero that is the greatest, so the least is one of a text
        least_less_one_ = less_one < least_less_one_ ? less_one : least_less_one_;
    }

    Part inside_, last_;  // of blocks, and of those that end with a tier
    Bytes least_less_one_ = ~Bytes{}, longer_{};
};

using CheckMany = bool (*)(std::span<const stipend_sample>, std::span<const stipend_decision>);

template <class Width>
[[gnu::always_inline]] inline bool check_many(std::span<const stipend_sample> samples,
                                              std::span<const stipend_decision> decisions) {
    Extremes numbers;
    Heads<Width> texts;
    std::uint64_t broken = 0;
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        numbers.add(decisions[i]);
        count_broken(decision_waits, decisions[i], broken);
        count_broken(decision_relations, Decided{samples[i], decisions[i]}, broken);
        texts.add(decisions[i]);
    }
    if (decisions.empty()) return true;
    if (broken != 0 || !numbers.hold() || !texts.plain()) return false;
    if (!texts.longer()) return true;
    typename Width::Bytes other{};
    char last = 0;
    for (const auto& decision : decisions) add_unless_plain<Width>(decision.reason, other, last);
    return !any_of(other) & (last == 0);
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

}  // namespace

bool is_sound(const stipend_sample& sample, const stipend_decision& decision) {
    return all_hold(decision_head, decision) & all_hold(decision_waits, decision) &
           all_hold(decision_shares, decision) & all_hold(decision_texts, decision) &
           all_hold(decision_relations, Decided{sample, decision});
}

bool all_sound_and_printable(std::span<const stipend_sample> samples, std::span<const stipend_decision> decisions) {
    STIPEND_ASSERT(samples.size() == decisions.size());
    static const auto check = widest_check();
    return check(samples, decisions);
}

Error explain(const stipend_sample& sample, const stipend_decision& decision) {
    auto broken = first_broken(decision_head, decision);
    if (!broken) broken = first_broken(decision_waits, decision);
    if (!broken) broken = first_broken(decision_shares, decision);
    if (!broken) broken = first_broken(decision_texts, decision);
    if (!broken) broken = first_broken(decision_relations, Decided{sample, decision});
    STIPEND_ASSERT(broken);
    return fail(STIPEND_E_INVALID, *broken);
}

void make_printable(stipend_decision& decision) {
    make_field_printable(decision.tier);
    make_field_printable(decision.reason);
}

}  // namespace stipend::plugin
