#include "host/analysis/prediction_report.hpp"

#include <algorithm>

namespace stipend::analysis {
namespace {

constexpr std::int64_t longest_split_hours = 48;  // of one period; what is before counts in no hour

Json percent_of(double p) {
    return rounded(p * 100, 2);
}

Json score_json(std::string_view horizon, const Score& score) {
    const auto brier = [&](double value) { return score.count() == 0 ? Json() : rounded(value, 6); };
    return Json::object()
        .append("horizon", horizon)
        .append("predictions", score.count())
        .append("brier", brier(score.brier()))
        .append("brier_of_mean", brier(score.brier_of_mean()))
        .append("brier_as_now", brier(score.brier_as_now()));
}

void add_calibration(std::string_view horizon, const Score& score, Json& out) {
    for (std::size_t at = 0; at < Score::bins; ++at) {
        const auto& bin = score.calibration()[at];
        if (bin.count == 0) continue;
        const auto count = static_cast<double>(bin.count);
        out.push(Json::object()
                     .append("horizon", horizon)
                     .append("from", at * 10)
                     .append("below", (at + 1) * 10)
                     .append("predictions", bin.count)
                     .append("predicted", percent_of(bin.chances / count))
                     .append("happened", percent_of(static_cast<double>(bin.up) / count)));
    }
}

}  // namespace

void PredictionReport::end_hour(Account& account) {
    auto& predictor = account.predictor;
    const auto up = verdict_of(account.hour);
    const auto now = predictor.now();
    const bool scored = up && now && predictor.known_hours() >= first_known_hours;
    if (scored) {
        hours_.add(predictor.hour_to_come(account.hour.number).p, predictor.mean(), *now, *up);
    }
    const bool days_count = predictor.known_hours() >= 2 * first_known_hours;
    predictor.learn(account.hour);
    if (!days_count) return;
    for (const auto& day : predictor.days_over()) days_.add(day.p, day.mean, day.was_up, day.up);
}

void PredictionReport::add(Account& account, std::int64_t hour, std::int64_t measured, std::int64_t up) {
    if (hour < account.hour.number) return;  // a period reaches back into an hour that is over
    if (hour > account.hour.number) {
        if (account.hour.measured > 0) end_hour(account);
        account.hour = {.number = hour};
    }
    account.hour.measured += measured;
    account.hour.up += up;
}

Result<void> PredictionReport::take(const Check& check) {
    const auto& decision = check.decision;
    const auto [found, is_new] = accounts_.try_emplace(decision.orchestrator);
    auto& account = found->second;
    if (is_new) {
        if (accounts_.size() > max_orchestrators) {
            return fail(STIPEND_E_LIMIT, "more than ", max_orchestrators, " orchestrators: ask for one of them");
        }
        account.key = check.key;
    }
    if (check.excused) return {};
    const bool answered = decision.job == ledger::Job::ok && decision.uptime_ppm;
    const auto ppm = static_cast<std::int64_t>(answered ? *decision.uptime_ppm : 0);
    const auto first = std::max(decision.period_from, decision.decided_at - longest_split_hours * ns_per_hour);
    for (auto from = first; from < decision.decided_at;) {
        const auto hour = from / ns_per_hour;
        const auto to = std::min(decision.decided_at, (hour + 1) * ns_per_hour);
        // At most an hour times a million: within 62 bits.
        add(account, hour, to - from, (to - from) * ppm / 1'000'000);
        from = to;
    }
    return {};
}

Json PredictionReport::row_of(const Account& account, std::int64_t next_hour) {
    const auto& predictor = account.predictor;
    const auto hour = predictor.hour_to_come(next_hour);
    const auto day = predictor.day_to_come();
    const auto now = predictor.now();
    return Json::object()
        .append("orchestrator", account.key)
        .append("known_hours", predictor.known_hours())
        .append("now", !now   ? "unknown"
                       : *now ? "up"
                              : "down")
        .append("hour_percent", percent_of(hour.p))
        .append("hour_low", percent_of(hour.low))
        .append("hour_high", percent_of(hour.high))
        .append("day_percent", percent_of(day.p))
        .append("day_low", percent_of(day.low))
        .append("day_high", percent_of(day.high))
        .append("mean_percent", percent_of(predictor.mean()))
        .append("by_hour_of_week", percent_of(predictor.slot_share(next_hour)))
        .append("by_what_was_last", percent_of(predictor.context_share()));
}

Result<Report> PredictionReport::finish() {
    Report out;
    const auto present = context_.to / ns_per_hour;
    for (auto& [id, account] : accounts_) {
        const bool over = account.hour.number < present;
        if (account.hour.measured > 0 && over) end_hour(account);
        // What was last is no state of now once an hour is missing.
        if (account.hour.number < present - 1) account.predictor.learn({.number = present});
        if (!over) account.predictor.look_at(account.hour);
        if (account.predictor.known_hours() == 0) continue;
        out.rows.push_back(row_of(account, present + 1));
    }
    std::ranges::sort(out.rows, {}, [](const Json& row) { return row.find("orchestrator")->text(); });
    out.more.emplace_back("backtest", Json::array().push(score_json("hour", hours_)).push(score_json("day", days_)));
    auto calibration = Json::array();
    add_calibration("hour", hours_, calibration);
    add_calibration("day", days_, calibration);
    out.more.emplace_back("calibration", std::move(calibration));
    return out;
}

}  // namespace stipend::analysis
