// How likely an orchestrator is up in the hour and the day to come, from its own history. A statistic for people: no
// payment depends on it.
//
// An hour is known where at least half of it was measured, and up where at least 99 % of that was. The chance is its
// mean, moved by two factors in log-odds: how it does in that hour of the week, and how it went on after hours like the
// last one: up, interrupted briefly as by a restart, or down for longer, with so many of the last 24 known hours down.
// Each share is pulled towards the mean by as many imagined hours as stated below, so that a few observations move it
// little. The day to come is known and up alike, and its chance comes from days that began like this one. All figures
// of a moment are made of earlier ones alone.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

// What was measured of one hour since 1970, in nanoseconds.
struct Hour {
    std::int64_t number = 0;
    std::int64_t measured = 0;
    std::int64_t up = 0;
};
// None: it is not known. [pure]
[[nodiscard]] std::optional<bool> verdict_of(const Hour& hour, std::int64_t least_measured_ns = ns_per_hour / 2);

// A chance with the range in which it lies by nine chances of ten, as wide as few observations make it.
struct Chance {
    double p = 0;
    double low = 0;
    double high = 0;
};

// One orchestrator. [value]
class Predictor {
  public:
    static constexpr double mean_weight = 2;  // imagined hours, one of them up
    static constexpr double slot_weight = 4;  // imagined hours at its mean
    static constexpr double context_weight = 10;
    static constexpr double day_weight = 2;  // imagined days
    static constexpr std::size_t contexts = 8;

    // The next hour; those between this and the last one are not known.
    void learn(const Hour& hour);
    // An hour that is not over: it says how it is now, and nothing else.
    void look_at(const Hour& hour);

    [[nodiscard]] std::uint32_t known_hours() const { return known_; }
    [[nodiscard]] std::optional<bool> now() const { return now_; }
    [[nodiscard]] double mean() const;
    [[nodiscard]] double day_mean() const;
    // By how much the chance of the hour differs from the mean by the hour of the week, and by what was last, alone.
    [[nodiscard]] double slot_share(std::int64_t hour) const;
    [[nodiscard]] double context_share() const;
    [[nodiscard]] Chance hour_to_come(std::int64_t hour) const;
    [[nodiscard]] Chance day_to_come() const;

    // A day that is over by now, and what was said at its beginning.
    struct DayOver {
        bool up = false;
        double p = 0;
        double mean = 0;
        bool was_up = false;
    };
    // Those that the last `learn` has ended.
    [[nodiscard]] const std::deque<DayOver>& days_over() const { return days_over_; }

  private:
    struct Count {
        double up = 0;
        double all = 0;
    };
    struct Day {
        std::int64_t first = 0;
        std::size_t context = 0;
        std::int64_t measured = 0;
        std::int64_t up = 0;
        double p = 0;
        double mean = 0;
        bool was_up = false;
    };
    [[nodiscard]] std::optional<std::size_t> context() const;
    void learn_one(const Hour& hour);
    void end_days(std::int64_t hour);

    std::int64_t last_ = -1;
    std::uint32_t known_ = 0;
    std::uint32_t up_ = 0;
    std::array<std::uint16_t, 168> slot_up_ = {};
    std::array<std::uint16_t, 168> slot_all_ = {};
    std::array<Count, contexts> hours_ = {};
    std::array<Count, contexts> days_ = {};
    Count all_days_ = {};
    std::optional<bool> now_;
    bool restarted_ = false;    // where the last known hour was down: for a tenth of it at most
    std::uint32_t recent_ = 0;  // the last 24 known hours, a bit for each that was down
    std::deque<Day> open_days_;
    std::deque<DayOver> days_over_;
};

// How good chances were that were stated before. [value]
class Score {
  public:
    static constexpr std::size_t bins = 10;
    void add(double p, double mean, bool now, bool up);
    void add(const Score& other);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    // The mean square of what chance and outcome differ by; 0 is perfect, 0.25 is what "50 %" always has.
    [[nodiscard]] double brier() const { return share(squares_); }
    [[nodiscard]] double brier_of_mean() const { return share(mean_squares_); }  // its mean until then, always
    [[nodiscard]] double brier_as_now() const { return share(now_squares_); }    // certain that it stays as it was
    struct Bin {
        std::uint64_t count = 0;
        double chances = 0;
        std::uint64_t up = 0;
    };
    [[nodiscard]] const std::array<Bin, bins>& calibration() const { return bins_; }

  private:
    [[nodiscard]] double share(double sum) const { return count_ == 0 ? 0 : sum / static_cast<double>(count_); }
    std::uint64_t count_ = 0;
    double squares_ = 0;
    double mean_squares_ = 0;
    double now_squares_ = 0;
    std::array<Bin, bins> bins_ = {};
};

}  // namespace stipend::analysis
