#include "host/plugin/trial/policy_trial.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <span>

#include "host/plugin/decision_check.hpp"
#include "host/plugin/policy_instance.hpp"
#include "host/plugin/trial/clock_shift.hpp"

namespace stipend::plugin {
namespace {

constexpr int lives = 8;         // instances that come and go, for what they leave behind
constexpr int first_steady = 3;  // the first of them that finds everything allocated that lasts
constexpr int periods = 3;       // each decides with the memory of the one before it
constexpr std::size_t gap = 64;  // bytes between two records of a batch
constexpr char gap_byte = '\x5a';

const void* no_interface(const stipend_host*, const char*) {
    return nullptr;
}

// Checks of 2025 under the terms: each outcome, with uptimes around the usual thresholds, and what may be missing.
std::vector<stipend_sample> make_samples(const stipend_terms& terms) {
    std::vector<stipend_sample> out;
    const auto add = [&](std::int32_t job, std::uint32_t ppm, std::uint32_t flags, std::uint32_t failures) {
        auto sample = make_record<stipend_sample>();
        sample.job = job;
        sample.epoch = out.empty() ? 1 : 2 + 7 * out.size();
        sample.evaluated_at = 1'750'000'000'000'000'000 + static_cast<std::int64_t>(out.size()) * terms.interval_ns;
        sample.interval_ns = terms.interval_ns;
        sample.reported_ppm = (flags & STIPEND_SAMPLE_REPORTED) != 0 ? ppm : 0;
        sample.observed_ppm = (flags & STIPEND_SAMPLE_OBSERVED) != 0 ? ppm - ppm / 50 : 0;
        sample.coverage_ppm = (flags & STIPEND_SAMPLE_OBSERVED) != 0 ? 900'000 : 0;
        sample.consecutive_failures = failures;
        sample.flags = flags;
        sample.reported_window_s = (flags & STIPEND_SAMPLE_REPORTED) != 0 ? 3600 : 0;
        sample.checks_total = sample.epoch - 1;
        sample.checks_ok = sample.checks_total - std::min<std::uint64_t>(sample.checks_total, failures);
        sample.base_usd_e8 = terms.base_usd_e8;
        sample.latency_ns = 12'345'678;
        out.push_back(sample);
    };
    constexpr std::uint32_t whole = STIPEND_SAMPLE_REPORTED;
    for (const auto ppm : {1'000'000U, 999'999U, 990'000U, 950'000U, 949'999U, 900'000U, 800'000U, 500'000U, 1U, 0U}) {
        add(STIPEND_JOB_OK, ppm, whole, 0);
        add(STIPEND_JOB_OK, ppm, whole | STIPEND_SAMPLE_OBSERVED, 1);
    }
    for (const auto failures : {0U, 1U, 2U, 3U, 5U, 10U, 100U}) {
        add(STIPEND_JOB_FAILED, 0, 0, failures);
        add(STIPEND_JOB_OK, 970'000, whole, failures);
    }
    add(STIPEND_JOB_OK, 1'000'000, STIPEND_SAMPLE_OBSERVED, 0);
    add(STIPEND_JOB_OK, 0, 0, 0);
    add(STIPEND_JOB_OK, 1'000'000, whole | STIPEND_SAMPLE_SUSPENDED, 4);
    add(STIPEND_JOB_FAILED, 0, STIPEND_SAMPLE_SUSPENDED, 4);
    add(STIPEND_JOB_UNKNOWN, 0, 0, 0);
    add(STIPEND_JOB_UNKNOWN, 0, 0, 2);
    for (const auto demand : {1U, 750'000U, 1'000'000U, 1'333'333U, 100'000'000U, UINT32_MAX}) {
        add(STIPEND_JOB_OK, 1'000'000, whole, 0);
        out.back().demand_ppm = demand;
    }
    return out;
}

// How the samples are handed over.
struct Manner {
    const char* shown;
    std::size_t batch;
    bool backwards;
    Guard guard;
    bool later;  // the clocks are ahead
};
constexpr Manner in_one_batch{"decide", 1'000, false, Guard::behind, false};
constexpr Manner one_by_one{"decide (one at a time, in reverse order)", 1, true, Guard::behind, true};
constexpr Manner in_sevens{"decide (in batches of 7, while quiesced)", 7, false, Guard::before, false};

class PolicyTrial {
  public:
    PolicyTrial(Calls& calls, const Subject& subject)
        : calls_(calls), subject_(subject), samples_(make_samples(subject.config.terms)) {}

    Result<void> run() {
        STIPEND_TRY(first_life());
        STIPEND_TRY(compare_lives());
        return further_lives();
    }

  private:
    using Decisions = std::vector<stipend_decision>;
    struct Policy {
        Life life;
        const stipend_policy_v1* table = nullptr;
    };

    Result<Policy> begin(Guard guard) {
        STIPEND_LET(life, Life::begin(calls_, subject_, host_, guard));
        STIPEND_TRY(life.start());
        STIPEND_LET(table, life.table(STIPEND_POLICY));
        Policy out{std::move(life), static_cast<const stipend_policy_v1*>(table)};
        if (out.table->decide == nullptr || out.table->bounds == nullptr) {
            return fail(STIPEND_E_INVALID, "get_interface: ", subject_.label, ": got no whole table for ",
                        STIPEND_POLICY);
        }
        return out;
    }
    static Result<void> end(Policy& policy) {
        STIPEND_TRY(policy.life.quiesce());
        return policy.life.destroy();
    }

    // What the host itself would say of its decisions, and whether they keep to the policy's bounds.
    Result<void> first_life() {
        STIPEND_LET(policy, begin(Guard::behind));
        STIPEND_TRY(policy.life.health());
        STIPEND_LET(bounds, bounds_of(policy));
        STIPEND_LET(decisions, decide(policy, samples_, in_one_batch));
        STIPEND_TRY(end(policy));
        STIPEND_TRY(take(decisions));
        return check_bounds(decisions, bounds);
    }

    Result<PolicyBounds> bounds_of(Policy& policy) {
        const GuardedRecord<std::int64_t> most("max_usd_e8", Guard::behind, -1);
        const GuardedRecord<std::int64_t> next("min_next_ns", Guard::behind, -1);
        const GuardedRecord<stipend_terms> terms("stipend_terms", Guard::behind, subject_.config.terms);
        STIPEND_TRY(status_call(calls_, "bounds", subject_.label, Guard::behind, [&](stipend_error* e) {
            return policy.table->bounds(policy.life.raw(), terms.get(), most.get(), next.get(), e);
        }));
        const auto usd = Usd::of_e8(*most.get());
        if (usd.negative() || *next.get() <= 0) {
            return fail(STIPEND_E_INVALID, "bounds: ", subject_.label, ": got at most ", usd.text(),
                        " USD, next after ", *next.get(), " ns; want an amount of 0 or more and a time above 0");
        }
        return PolicyBounds{usd, *next.get()};
    }

    // Holds the samples to all that the host holds a decision to.
    Result<void> take(const Decisions& expected) {
        Result<std::unique_ptr<PolicyInstance>> policy = fail(STIPEND_E_INTERNAL, "not made");
        STIPEND_TRY(calls_.make("create", [&]() -> Result<void> {
            policy = PolicyInstance::create(subject_.entry, subject_.plugin, calls_.file(), "probe",
                                            subject_.config.config_json, subject_.config.terms);
            return policy ? Result<void>() : Result<void>(policy.error());
        }));
        Decisions out(samples_.size());
        STIPEND_TRY(calls_.make("decide", [&] { return (*policy)->decide(samples_, out); }));
        auto printable = expected;  // as the host makes each decision that it takes
        for (auto& decision : printable) make_printable(decision);
        STIPEND_TRY(compare(samples_, printable, out));
        return calls_.make("destroy", [&]() -> Result<void> {
            policy->reset();
            return {};
        });
    }

    [[nodiscard]] Result<void> check_bounds(const Decisions& decisions, const PolicyBounds& bounds) const {
        for (std::size_t at = 0; at < decisions.size(); ++at) {
            const auto& decision = decisions[at];
            if (decision.action == STIPEND_HOLD) continue;
            const auto usd = Usd::of_e8(decision.amount_usd_e8);
            if (usd > bounds.max_usd) {
                return fail(STIPEND_E_INVALID, "decide: ", subject_.label, ": got ", usd.text(), " USD for ",
                            text_of(samples_[at]), ", want at most ", bounds.max_usd.text(),
                            " USD, which is its own bound");
            }
            // Both waits are held to a year by now.
            const auto next = samples_[at].interval_ns + decision.delay_ns + decision.penalty_ns;
            if (next < bounds.min_next_ns) {
                return fail(STIPEND_E_INVALID, "decide: ", subject_.label, ": got the next due time after ", next,
                            " ns for ", text_of(samples_[at]), ", want at least ", bounds.min_next_ns,
                            " ns, which is its own bound");
            }
        }
        return {};
    }

    // Two instances decide the same samples, in other orders and batches, over several periods.
    Result<void> compare_lives() {
        STIPEND_LET(one, begin(Guard::before));
        STIPEND_LET(other, begin(Guard::behind));
        auto samples = samples_;
        Decisions first;
        for (int period = 0; period < periods; ++period) {
            STIPEND_SET(first, decide(one, samples, in_one_batch));
            STIPEND_LET(second, decide(other, samples, one_by_one));
            STIPEND_TRY(compare(samples, first, second));
            if (period + 1 < periods) go_on(samples, first);
        }
        STIPEND_TRY(other.life.quiesce());
        STIPEND_LET(third, decide(other, samples, in_sevens));
        STIPEND_TRY(compare(samples, first, third));
        STIPEND_TRY(other.life.destroy());
        return end(one);
    }

    // The next period of each sample, after its decision.
    static void go_on(std::vector<stipend_sample>& samples, const Decisions& decisions) {
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

    Result<void> further_lives() {
        Usage before;
        for (int life = 0; life < lives; ++life) {
            if (life == first_steady) before = Usage::now();
            STIPEND_LET(policy, begin(life % 2 == 0 ? Guard::behind : Guard::before));
            for (int round = 0; round < 4; ++round) {
                STIPEND_LET(ignored, decide(policy, samples_, in_one_batch));
                static_cast<void>(ignored);
            }
            STIPEND_TRY(end(policy));
        }
        warn_of_growth(calls_, subject_.label, lives - first_steady, before);
        return {};
    }

    Result<Decisions> decide(Policy& policy, std::span<const stipend_sample> samples, const Manner& manner) {
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

    Result<void> decide_batch(Policy& policy, std::span<const stipend_sample> samples,
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

    [[nodiscard]] Result<void> check_gap(const char* name, const char* record, std::size_t bytes) const {
        for (std::size_t at = bytes; at < bytes + gap; ++at) {
            if (record[at] == gap_byte) continue;
            // Nearer to the next record, it is before that.
            const auto place = at < bytes + gap / 2
                                   ? static_cast<std::ptrdiff_t>(at)
                                   : static_cast<std::ptrdiff_t>(at) - static_cast<std::ptrdiff_t>(bytes + gap);
            return fail(STIPEND_E_INVALID, "plugin reaches outside of a record: ", calls_.file(),
                        ": got a write at byte ", place, " of ", name, ", which has ", bytes,
                        " bytes, in decide, want it inside");
        }
        return {};
    }

    [[nodiscard]] Result<void> compare(std::span<const stipend_sample> samples, const Decisions& one,
                                       const Decisions& other) const;
    [[nodiscard]] Error differ(const stipend_sample& sample, std::string_view field, std::string_view one,
                               std::string_view other) const;
    static std::string text_of(const stipend_sample& sample);

    Calls& calls_;
    const Subject& subject_;
    const stipend_host host_{sizeof(stipend_host), STIPEND_ABI_MINOR, nullptr, "stipend", "", &no_interface};
    const std::vector<stipend_sample> samples_;
};

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

std::string PolicyTrial::text_of(const stipend_sample& sample) {
    const auto* job = sample.job == STIPEND_JOB_OK ? "ok" : sample.job == STIPEND_JOB_FAILED ? "failed" : "unknown";
    return cat("a sample (job ", job, ", uptime ", sample.reported_ppm, " ppm, ", sample.consecutive_failures,
               " failures before it)");
}

Error PolicyTrial::differ(const stipend_sample& sample, std::string_view field, std::string_view one,
                          std::string_view other) const {
    return fail(STIPEND_E_INVALID, "policy is not deterministic: ", subject_.label, ": got ", field, " ", one, " and ",
                other, " for ", text_of(sample), " that was decided twice, want the same bytes");
}

Result<void> PolicyTrial::compare(std::span<const stipend_sample> samples, const Decisions& one,
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

}  // namespace

Result<void> try_policy(Calls& calls, const Subject& subject) {
    return PolicyTrial(calls, subject).run();
}

}  // namespace stipend::plugin
