#include "host/plugin/trial/policy_calls.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <numeric>

#include "host/plugin/rules.hpp"
#include "host/plugin/trial/clock_shift.hpp"

namespace stipend::plugin {
namespace {

constexpr std::size_t gap = 64;  // bytes between two records of a batch
constexpr char gap_byte = '\x5a';

const void* no_interface(const stipend_host*, const char*) {
    return nullptr;
}
constexpr stipend_host policy_host{sizeof(stipend_host), STIPEND_ABI_MINOR, nullptr, "stipend", "", &no_interface};

// One field of a decision, as text for a message.
struct FieldOfDecision {
    const char* name;
    std::size_t offset, bytes;
    enum class Type : std::uint8_t { number32, number64, unsigned32, text, memory } type;
};
#define STIPEND_FIELD(name, type)                                                                           \
    FieldOfDecision {                                                                                       \
#name, offsetof(stipend_decision, name), sizeof stipend_decision::name, FieldOfDecision::Type::type \
    }
constexpr std::array fields{
    STIPEND_FIELD(action, number32),

    STIPEND_FIELD(amount_usd_e8, number64),
    STIPEND_FIELD(delay_ns, number64),
    STIPEND_FIELD(penalty_ns, number64),
    STIPEND_FIELD(multiplier_ppm, unsigned32),
    STIPEND_FIELD(uptime_ppm, unsigned32),
    STIPEND_FIELD(consecutive_failures, unsigned32),
    STIPEND_FIELD(flags, unsigned32),
    STIPEND_FIELD(tier, text),
    STIPEND_FIELD(reason, text),
    STIPEND_FIELD(memory, memory),
    STIPEND_FIELD(size, unsigned32),
};
#undef STIPEND_FIELD

template <class Number>
std::string number_at(const char* bytes) {
    Number out;
    std::memcpy(&out, bytes, sizeof out);
    return cat(out);
}

std::string value_of(const FieldOfDecision& field, const char* bytes) {
    switch (field.type) {
        case FieldOfDecision::Type::number32:
            return number_at<std::int32_t>(bytes);
        case FieldOfDecision::Type::number64:
            return number_at<std::int64_t>(bytes);
        case FieldOfDecision::Type::unsigned32:
            return number_at<std::uint32_t>(bytes);
        case FieldOfDecision::Type::text:
            return cat("\"", std::string_view(bytes, strnlen(bytes, field.bytes)), "\"");
        case FieldOfDecision::Type::memory:
            break;
    }
    return {};  // named by its byte
}

}  // namespace

Result<Policy> PolicyCalls::begin(Guard guard) {
    STIPEND_LET(life, Life::begin(calls_, subject_, policy_host, guard));
    STIPEND_TRY(life.start());
    STIPEND_LET(table, life.table(STIPEND_POLICY));
    Policy out{std::move(life), static_cast<const stipend_policy_v1*>(table)};
    STIPEND_TRY(out.life.whole(out.table->decide != nullptr && out.table->bounds != nullptr, STIPEND_POLICY));
    return out;
}

Result<void> PolicyCalls::end(Policy& policy) {
    STIPEND_TRY(policy.life.quiesce());
    return policy.life.destroy();
}

Result<PolicyBounds> PolicyCalls::bounds_of(Policy& policy) {
    const GuardedRecord<std::int64_t> most("max_usd_e8", Guard::behind, -1);
    const GuardedRecord<std::int64_t> next("min_next_ns", Guard::behind, -1);
    const GuardedRecord<stipend_terms> terms("stipend_terms", Guard::behind, subject_.config.terms);
    STIPEND_TRY(status_call(calls_, "bounds", subject_.label, Guard::behind, [&](stipend_error* e) {
        return policy.table->bounds(policy.life.raw(), terms.get(), most.get(), next.get(), e);
    }));
    const auto usd = Usd::of_e8(*most.get());
    if (usd.negative() || *next.get() <= 0) {
        return fail(STIPEND_E_INVALID, "bounds: ", subject_.label, ": got at most ", usd.text(), " USD, next after ",
                    *next.get(), " ns; want an amount of 0 or more and a time above 0");
    }
    return PolicyBounds{usd, *next.get()};
}

Result<void> PolicyCalls::check_bounds(std::span<const stipend_sample> samples, const Decisions& decisions,
                                       const PolicyBounds& bounds) const {
    for (std::size_t at = 0; at < decisions.size(); ++at) {
        const auto& decision = decisions[at];
        if (decision.action == STIPEND_HOLD) continue;
        const auto usd = Usd::of_e8(decision.amount_usd_e8);
        if (usd > bounds.max_usd) {
            return fail(STIPEND_E_INVALID, "decide: ", subject_.label, ": got ", usd.text(), " USD for ",
                        text_of(samples[at]), ", want at most ", bounds.max_usd.text(), " USD, which is its own bound");
        }
        // Both waits are held to a year by now.
        const auto next = samples[at].interval_ns + decision.delay_ns + decision.penalty_ns;
        if (next < bounds.min_next_ns) {
            return fail(STIPEND_E_INVALID, "decide: ", subject_.label, ": got the next due time after ", next,
                        " ns for ", text_of(samples[at]), ", want at least ", bounds.min_next_ns,
                        " ns, which is its own bound");
        }
    }
    return {};
}

void PolicyCalls::go_on(std::vector<stipend_sample>& samples, const Decisions& decisions) {
    for (std::size_t at = 0; at < samples.size(); ++at) {
        auto& sample = samples[at];
        sample.evaluated_at += sample.interval_ns;
        if (decisions[at].action == STIPEND_HOLD) continue;
        ++sample.epoch;
        ++sample.checks_total;
        if (decisions[at].consecutive_failures == 0) ++sample.checks_ok;
        sample.consecutive_failures = decisions[at].consecutive_failures;
        sample.memory = decisions[at].memory;
    }
}

Result<Decisions> PolicyCalls::decide(Policy& policy, std::span<const stipend_sample> samples, const Manner& manner) {
    std::vector<std::size_t> order(samples.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (manner.backwards) std::reverse(order.begin(), order.end());
    Decisions out(samples.size());
    for (std::size_t from = 0; from < order.size(); from += manner.batch) {
        const auto count = std::min(manner.batch, order.size() - from);
        STIPEND_TRY(decide_batch(policy, samples, std::span(order).subspan(from, count), manner, out));
    }
    STIPEND_TRY(calls_.check(manner.shown));
    return out;
}

Result<void> PolicyCalls::decide_batch(Policy& policy, std::span<const stipend_sample> samples,
                                       std::span<const std::size_t> order, const Manner& manner, Decisions& out) {
    constexpr auto in_stride = sizeof(stipend_sample) + gap, out_stride = sizeof(stipend_decision) + gap;
    const auto count = order.size();
    const Guarded in("stipend_sample", sizeof(stipend_sample), manner.guard, in_stride, count);
    const Guarded decided("stipend_decision", sizeof(stipend_decision), manner.guard, out_stride, count);
    const GuardedRecord<stipend_error> error("stipend_error", manner.guard, empty_error());
    const auto empty = make_record<stipend_decision>();
    for (std::size_t at = 0; at < count; ++at) {
        std::memcpy(in.data() + at * in_stride, &samples[order[at]], sizeof(stipend_sample));
        std::memcpy(decided.data() + at * out_stride, &empty, sizeof empty);
        if (at + 1 == count) break;
        std::memset(in.data() + at * in_stride + sizeof(stipend_sample), gap_byte, gap);
        std::memset(decided.data() + at * out_stride + sizeof empty, gap_byte, gap);
    }
    stipend_status status = STIPEND_OK;
    {
        const ClockShift clocks(manner.later);
        STIPEND_TRY(calls_.make_unchecked(manner.shown, [&] {
            return call("decide", subject_.label, [&](stipend_error*) {
                status = policy.table->decide(policy.life.raw(), in.as<const stipend_sample>(), in_stride,
                                              decided.as<stipend_decision>(), out_stride, count, error.get());
                return STIPEND_OK;
            });
        }));
    }
    if (status != STIPEND_OK) return from_abi(status, error.get()).in(cat("decide: ", subject_.label));
    for (std::size_t at = 0; at < count; ++at) {
        std::memcpy(&out[order[at]], decided.data() + at * out_stride, sizeof(stipend_decision));
        if (at + 1 == count) break;
        STIPEND_TRY(check_gap("stipend_decision", decided.data() + at * out_stride, sizeof empty));
        STIPEND_TRY(check_gap("stipend_sample", in.data() + at * in_stride, sizeof(stipend_sample)));
    }
    return {};
}

Result<void> PolicyCalls::check_gap(const char* name, const char* record, std::size_t bytes) const {
    for (std::size_t at = bytes; at < bytes + gap; ++at) {
        if (record[at] == gap_byte) continue;
        // Nearer to the next record, it is before that.
        const auto place = at < bytes + gap / 2
                               ? static_cast<std::ptrdiff_t>(at)
                               : static_cast<std::ptrdiff_t>(at) - static_cast<std::ptrdiff_t>(bytes + gap);
        calls_.look_at(rules::guard);
        return fail(STIPEND_E_INVALID, "plugin reaches outside of a record: ", calls_.file(), ": got a write at byte ",
                    place, " of ", name, ", which has ", bytes, " bytes, in decide, want it inside");
    }
    return {};
}

std::string PolicyCalls::text_of(const stipend_sample& sample) {
    const auto* job = sample.job == STIPEND_JOB_OK ? "ok" : sample.job == STIPEND_JOB_FAILED ? "failed" : "unknown";
    return cat("a sample (job ", job, ", uptime ", sample.reported_ppm, " ppm, ", sample.consecutive_failures,
               " failures before it)");
}

Error PolicyCalls::differ(const stipend_sample& sample, std::string_view field, std::string_view one,
                          std::string_view other) const {
    return fail(STIPEND_E_INVALID, "policy is not deterministic: ", subject_.label, ": got ", field, " ", one, " and ",
                other, " for ", text_of(sample), " that was decided twice, want the same bytes");
}

Result<void> PolicyCalls::compare(std::span<const stipend_sample> samples, const Decisions& one,
                                  const Decisions& other) const {
    for (std::size_t at = 0; at < one.size(); ++at) {
        const auto* a = reinterpret_cast<const char*>(&one[at]);
        const auto* b = reinterpret_cast<const char*>(&other[at]);
        for (const auto& field : fields) {
            const auto [first, second] =
                std::mismatch(a + field.offset, a + field.offset + field.bytes, b + field.offset);
            if (first == a + field.offset + field.bytes) continue;
            if (field.type == FieldOfDecision::Type::memory) {
                const auto byte = [](char value) {
                    return cat(static_cast<unsigned>(static_cast<unsigned char>(value)));
                };
                return differ(samples[at], cat("memory byte ", first - a - static_cast<std::ptrdiff_t>(field.offset)),
                              byte(*first), byte(*second));
            }
            return differ(samples[at], field.name, value_of(field, a + field.offset),
                          value_of(field, b + field.offset));
        }
    }
    return {};
}

}  // namespace stipend::plugin
