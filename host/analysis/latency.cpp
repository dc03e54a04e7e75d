#include "host/analysis/latency.hpp"

#include <algorithm>
#include <bit>

namespace stipend::analysis {
namespace {

constexpr unsigned step_bits = 4;
constexpr std::uint64_t steps_of_power = 1U << step_bits;

// Milliseconds to three decimals, as a number.
Json milliseconds(std::int64_t ns) {
    return Json::of_number(scaled_text(ns / 1000, 3));
}

}  // namespace

// Below 16 each number is a step; above, the power of two and the four bits behind the first.
std::size_t Durations::step_of(std::uint64_t ns) {
    if (ns < steps_of_power) return static_cast<std::size_t>(ns);
    const auto power = static_cast<unsigned>(std::bit_width(ns)) - 1;
    const auto within = (ns >> (power - step_bits)) & (steps_of_power - 1);
    return static_cast<std::size_t>((power - step_bits + 1) * steps_of_power + within);
}

std::uint64_t Durations::end_of(std::size_t step) {
    if (step < steps_of_power) return step;
    const auto power = static_cast<unsigned>(step / steps_of_power) + step_bits - 1;
    const auto within = step % steps_of_power;
    return ((steps_of_power + within + 1) << (power - step_bits)) - 1;
}

void Durations::add(std::int64_t ns) {
    ns = std::max<std::int64_t>(ns, 0);
    const auto step = step_of(static_cast<std::uint64_t>(ns));
    if (counts_.empty()) first_ = step;
    if (step < first_) {
        counts_.insert(counts_.begin(), first_ - step, 0);
        first_ = step;
    }
    if (step - first_ >= counts_.size()) counts_.resize(step - first_ + 1);
    ++counts_[step - first_];
    ++count_;
    sum_ += static_cast<uint128>(ns);
    largest_ = std::max(largest_, ns);
}

void Durations::add(const Durations& other) {
    if (other.counts_.empty()) return;
    if (counts_.empty()) first_ = other.first_;
    const auto first = std::min(first_, other.first_);
    const auto end = std::max(first_ + counts_.size(), other.first_ + other.counts_.size());
    counts_.insert(counts_.begin(), first_ - first, 0);
    counts_.resize(end - first);
    for (std::size_t at = 0; at < other.counts_.size(); ++at) counts_[other.first_ - first + at] += other.counts_[at];
    first_ = first;
    count_ += other.count_;
    sum_ += other.sum_;
    largest_ = std::max(largest_, other.largest_);
}

std::int64_t Durations::mean() const {
    return count_ == 0 ? 0 : static_cast<std::int64_t>(sum_ / count_);
}

std::int64_t Durations::percentile(unsigned percent) const {
    const auto rank = std::max<std::uint64_t>((count_ * percent + 99) / 100, 1);
    std::uint64_t seen = 0;
    for (std::size_t at = 0; at < counts_.size(); ++at) {
        seen += counts_[at];
        if (seen >= rank) return std::min(static_cast<std::int64_t>(end_of(first_ + at)), largest_);
    }
    return 0;
}

Result<void> Latency::take(const Check& check) {
    const auto& decision = check.decision;
    if (decision.job != ledger::Job::ok || decision.evidence.latency_ns <= 0) return {};
    STIPEND_LET(sum, sums_.of(check));
    sum->add(decision.evidence.latency_ns);
    return {};
}

Json Latency::row_of(const std::string& name, const Durations& durations) const {
    return Json::object()
        .append(group_title(context_.by), name)
        .append("answers", durations.count())
        .append("mean_ms", milliseconds(durations.mean()))
        .append("p50_ms", milliseconds(durations.percentile(50)))
        .append("p90_ms", milliseconds(durations.percentile(90)))
        .append("p95_ms", milliseconds(durations.percentile(95)))
        .append("p99_ms", milliseconds(durations.percentile(99)))
        .append("max_ms", milliseconds(durations.largest()));
}

Result<Report> Latency::finish() {
    Report out;
    Durations total;
    for (const auto& [name, sum] : sums_.sums()) {
        out.rows.push_back(row_of(name, sum));
        total.add(sum);
    }
    out.total = row_of("total", total);
    return out;
}

}  // namespace stipend::analysis
