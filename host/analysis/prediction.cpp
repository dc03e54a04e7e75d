#include "host/analysis/prediction.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace stipend::analysis {
namespace {

constexpr double surest = 0.999;
constexpr double range_z = 1.6449;  // 90 % of a normal distribution
constexpr std::int64_t hours_of_week = 168;
constexpr std::int64_t hours_of_day = 24;
constexpr std::uint32_t day_bits = (1U << 24) - 1;
constexpr std::int64_t percent_up = 99;
constexpr std::int64_t percent_restarted = 90;  // a restart takes minutes

bool is_up(const Hour& hour, std::int64_t percent) {
    return static_cast<__int128_t>(hour.up) * 100 >= static_cast<__int128_t>(hour.measured) * percent;
}

double logit(double p) {
    return std::log(p / (1 - p));
}

double pulled(double up, double all, double weight, double towards) {
    return (up + weight * towards) / (all + weight);
}

// Wilson's range for a share of so many observations.
Chance with_range(double p, double observations) {
    const auto z2 = range_z * range_z / observations;
    const auto middle = (p + z2 / 2) / (1 + z2);
    const auto half = range_z / (1 + z2) * std::sqrt(p * (1 - p) / observations + z2 / (4 * observations));
    return {.p = p, .low = std::max(middle - half, 0.0), .high = std::min(middle + half, 1.0)};
}

std::size_t slot_of(std::int64_t hour) {
    return static_cast<std::size_t>(hour % hours_of_week);
}

}  // namespace

std::optional<bool> verdict_of(const Hour& hour, std::int64_t least_measured_ns) {
    if (hour.measured < least_measured_ns || hour.measured == 0) return std::nullopt;
    return is_up(hour, percent_up);
}

double Predictor::mean() const {
    return pulled(up_, known_, mean_weight, 0.5);
}

double Predictor::day_mean() const {
    return pulled(all_days_.up, all_days_.all, day_weight, mean());
}

double Predictor::slot_share(std::int64_t hour) const {
    return pulled(slot_up_[slot_of(hour)], slot_all_[slot_of(hour)], slot_weight, mean());
}

// By how it is now, and how many of the last 24 known hours were down.
std::optional<std::size_t> Predictor::context() const {
    if (!now_) return std::nullopt;
    const auto down = std::popcount(recent_);
    if (*now_) return down == 0 ? 0 : down <= 2 ? 1 : 2;
    if (restarted_) return down <= 2 ? 3 : 4;
    return down <= 2 ? 5 : down <= 12 ? 6 : 7;
}

double Predictor::context_share() const {
    const auto at = context();
    return at ? pulled(hours_[*at].up, hours_[*at].all, context_weight, mean()) : mean();
}

Chance Predictor::hour_to_come(std::int64_t hour) const {
    const auto of_mean = logit(mean());
    const auto odds = logit(slot_share(hour)) + logit(context_share()) - of_mean;
    const auto p = std::clamp(1 / (1 + std::exp(-odds)), 1 - surest, surest);
    const auto at = context();
    return with_range(p, (at ? hours_[*at].all : 0) + context_weight);
}

Chance Predictor::day_to_come() const {
    const auto at = context();
    const auto count = at ? days_[*at] : Count();
    const auto p = std::clamp(pulled(count.up, count.all, day_weight, day_mean()), 1 - surest, surest);
    return with_range(p, count.all + day_weight);
}

// A window of a day begins with each hour: all 24 of them that overlap count as one.
void Predictor::end_days(std::int64_t hour) {
    days_over_.clear();
    while (!open_days_.empty() && open_days_.front().first + hours_of_day <= hour) {
        const auto& day = open_days_.front();
        const auto up = verdict_of({.measured = day.measured, .up = day.up}, hours_of_day / 2 * ns_per_hour);
        if (up) {
            constexpr double weight = 1.0 / static_cast<double>(hours_of_day);
            for (auto* count : {&days_[day.context], &all_days_}) {
                count->all += weight;
                count->up += *up ? weight : 0;
            }
            days_over_.push_back({.up = *up, .p = day.p, .mean = day.mean, .was_up = day.was_up});
        }
        open_days_.pop_front();
    }
}

void Predictor::learn(const Hour& hour) {
    if (last_ >= 0 && hour.number > last_ + 1) {
        now_.reset();  // hours between are not known
    }
    end_days(hour.number);
    learn_one(hour);
    last_ = hour.number;
}

void Predictor::learn_one(const Hour& hour) {
    for (auto& day : open_days_) {
        day.measured += hour.measured;
        day.up += hour.up;
    }
    const auto before = context();
    const auto up = verdict_of(hour);
    if (up) {
        if (before) {
            hours_[*before].all += 1;
            hours_[*before].up += *up ? 1 : 0;
        }
        auto& all = slot_all_[slot_of(hour.number)];
        if (all < UINT16_MAX) {
            ++all;
            if (*up) ++slot_up_[slot_of(hour.number)];
        }
        ++known_;
        if (*up) ++up_;
        recent_ = (recent_ << 1 | (*up ? 0U : 1U)) & day_bits;
    }
    now_ = up;
    restarted_ = up && is_up(hour, percent_restarted);
    if (const auto at = context()) {
        open_days_.push_back(
            {.first = hour.number + 1, .context = *at, .p = day_to_come().p, .mean = day_mean(), .was_up = *now_});
    }
}

void Predictor::look_at(const Hour& hour) {
    if (const auto up = verdict_of(hour, ns_per_hour / 6)) {
        now_ = up;
        restarted_ = is_up(hour, percent_restarted);
        recent_ = (recent_ << 1 | (*up ? 0U : 1U)) & day_bits;
    }
}

void Score::add(double p, double mean, bool now, bool up) {
    const double outcome = up ? 1 : 0;
    const auto square = [outcome](double chance) { return (chance - outcome) * (chance - outcome); };
    ++count_;
    squares_ += square(p);
    mean_squares_ += square(mean);
    now_squares_ += square(now ? 1 : 0);
    auto& bin = bins_[std::min(static_cast<std::size_t>(p * bins), bins - 1)];
    ++bin.count;
    bin.chances += p;
    bin.up += up ? 1 : 0;
}

void Score::add(const Score& other) {
    count_ += other.count_;
    squares_ += other.squares_;
    mean_squares_ += other.mean_squares_;
    now_squares_ += other.now_squares_;
    for (std::size_t at = 0; at < bins; ++at) {
        bins_[at].count += other.bins_[at].count;
        bins_[at].chances += other.bins_[at].chances;
        bins_[at].up += other.bins_[at].up;
    }
}

}  // namespace stipend::analysis
