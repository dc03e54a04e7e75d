#include "host/engine/manager_metrics.hpp"

#include <algorithm>
#include <cmath>

#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t control_patience_ns = 5 * ns_per_s;
constexpr std::size_t rows_at_once = 200;  // in one turn of the control thread
constexpr int read_share = 100;            // the ledger is read in this part of the time, at most

// For metrics only, which are binary floating point.
double approximate(const SignedWei& wei) {
    const auto size = wei.magnitude().value().convert_to<double>();
    return wei.negative() ? -size : size;
}

double approximate_eth(const SignedWei& wei) {
    return approximate(wei) / static_cast<double>(wei_per_eth);
}
double approximate_whole(const SignedWei& units, const ledger::Network& network) {
    return approximate(units) / std::pow(10.0, network.decimals);
}

double approximate(Usd usd) {
    return static_cast<double>(usd.count_e8()) / static_cast<double>(e8);
}

double ratio_of_ppm(std::uint32_t ppm) {
    return static_cast<double>(ppm) / static_cast<double>(ppm_one);
}

// Rounded down, and at most 10; all of it where the limit is 0 and something is used.
std::uint64_t used_ppm(const SignedWei& used, const SignedWei& limit) {
    constexpr std::uint64_t most = 10'000'000;
    if (limit.zero()) return used.zero() ? 0 : most;
    const CheckedU256 ppm = used.magnitude().value() * ppm_one / limit.magnitude().value();
    return ppm > most ? most : static_cast<std::uint64_t>(ppm);
}

}  // namespace

void PlainMetrics::refresh(runtime::Metrics& metrics) const {
    const auto& counters = engine.counters();
    const auto count = [&](const char* name, const char* help, std::uint64_t value) {
        metrics.raise_counter(name, help, static_cast<double>(value));
    };
    count("decisions_total", "Decisions that are recorded.", counters.decisions);
    count("paid_total", "Decisions that owe something.", counters.paid);
    count("held_total", "Times that nothing could be decided.", counters.held);
    count("jobs_total", "Jobs that were sent.", counters.jobs);
    count("cycles_total", "Batches that were decided.", counters.cycles);
    count("unexpected_results_total", "Answers to jobs that were not expected.", counters.unexpected_results);
    count("late_plugin_answers_total", "Answers of plugins to operations that were over.",
          plugin::Instance::late_completions());
    count("refused_observations_total", "Observations of monitors that could not be.", refused_observations);
    const auto& called = calls.counts();
    count("calls_queued_total", "Distributed calls that were queued, one for each orchestrator.", called.queued);
    count("calls_sent_total", "Distributed calls that were sent.", called.sent);
    count("calls_answered_total", "Distributed calls with a valid answer.", called.answered);
    count("calls_failed_total", "Distributed calls without a valid answer.", called.failed);
    count("calls_refused_total", "Requests for calls that were refused: the rate, the queue, or no orchestrator.",
          called.refused);
    const auto& fees = engine.fees();
    const auto& limits = engine.generations().back()->fees;
    const auto now = host.now();
    metrics.raise_counter("fees_wei_total", "What the jobs that ended cost.", approximate(fees.ended()));
    const auto gauge = [&](const char* name, const char* help, double value) { metrics.set_gauge(name, help, value); };
    gauge("orchestrators", "Orchestrators that are paid.", static_cast<double>(plan.spend.orchestrators));
    gauge("jobs_in_flight", "Jobs under way.", static_cast<double>(engine.in_flight()));
    gauge("calls_waiting", "Distributed calls that are queued and not sent yet.", static_cast<double>(calls.waiting()));
    gauge("calls_in_flight", "Distributed calls under way.", static_cast<double>(calls.under_way()));
    if (const auto& demand = engine.demand(); demand.rules()) {
        const auto& last = demand.last();
        const bool has_factor = last && last->factor_ppm != 0;
        gauge("demand_factor", "The factor of demand that policies are handed.",
              has_factor ? static_cast<double>(last->factor_ppm) / 1e6 : 1);
        gauge("demand_wanted", "The factor that the last cycle's demand asks for, within floor and ceiling.",
              has_factor ? static_cast<double>(ledger::wanted_ppm(*last)) / 1e6 : 1);
        gauge("demand_jobs", "Jobs that the last cycle counts: asked for, less those that failed, and those that wait.",
              has_factor ? static_cast<double>(last->asked - std::min(last->asked, last->failed) + last->waiting) : 0);
        gauge("demand_supply", "The largest number of orchestrators that were up at once.",
              has_factor ? static_cast<double>(last->supply) : 0);
    }
    gauge("generations", "Configurations that still decide something.",
          static_cast<double>(engine.generations().size()));
    std::size_t unwell = 0;
    for (const auto& [key, one] : host.instances().in_use()) unwell += one.instance->trouble() ? 1U : 0U;
    for (const auto& generation : engine.generations()) {
        for (const auto& policy : generation->policies) unwell += policy->trouble() ? 1U : 0U;
    }
    gauge("plugins_unwell", "Plugin instances that do not answer, or that are put aside.", static_cast<double>(unwell));
    gauge("alerts", "Alerts that are raised.", static_cast<double>(engine.alerts().all().size()));
    gauge(
        "price_accepted", "1 where the exchange rate of each network is accepted at present.",
        std::ranges::all_of(engine.networks().all(), [now](const auto& one) { return one.price.rate(now).has_value(); })
            ? 1
            : 0);
    gauge("fees_today_wei", "What jobs cost on this UTC day, reservations included.", approximate(fees.used(now)));
    gauge("fees_limit_wei", "What jobs may cost on a UTC day.", approximate(limits.per_day));
    gauge("fees_budget_used_ratio", "The share of limits.fees_per_day that is used on this UTC day.",
          static_cast<double>(used_ppm(fees.used(now), limits.per_day)) / 1e6);
    gauge("control_longest_turn_seconds", "The longest turn of the control thread since the last look.",
          static_cast<double>(host.loop().take_longest_turn_ns()) / 1e9);
    if (payouts != nullptr) refresh_payouts(metrics);
    // For the next request to report: the ledger's thread may be busy for long.
    host.writer().query([&metrics, folder = plan.settings.state](ledger::Ledger& ledger) {
        const auto stats = ledger.stats();
        if (!stats) return;
        metrics.set_gauge("ledger_bytes", "The ledger's file and its log.",
                          static_cast<double>(stats->database_bytes + stats->wal_bytes));
        metrics.set_gauge("ledger_wal_bytes", "The ledger's write-ahead log.", static_cast<double>(stats->wal_bytes));
        if (const auto wal = ledger.wal()) {
            metrics.set_gauge("ledger_wal_held_seconds", "How long a reader has kept that log from being emptied.",
                              static_cast<double>(wal->held_ns) / 1e9);
        }
        std::error_code none;
        const auto disk = std::filesystem::space(folder, none);
        if (none) return;
        const auto days = ledger::disk_days_left(disk.available + stats->free_bytes,
                                                 stats->database_bytes - stats->free_bytes, stats->span_ns);
        if (!days) return;
        metrics.set_gauge("disk_left_seconds", "Time until the ledger has filled its disk, if it grows as it did.",
                          static_cast<double>(*days) * s_per_day);
    });
}

void PlainMetrics::refresh_payouts(runtime::Metrics& metrics) const {
    const auto now = payouts->counts();
    metrics.raise_counter("payouts_paid_total", "Payouts that are paid for good.", static_cast<double>(now.paid));
    metrics.raise_counter("payouts_returned_total", "Payouts that were not executed, so that they are owed again.",
                          static_cast<double>(now.returned));
    const auto gauge = [&](const char* name, const char* help, double value) { metrics.set_gauge(name, help, value); };
    gauge("payouts_open", "Payouts that are not over.", static_cast<double>(now.open));
    gauge("payouts_held", "Those of them that are held.", static_cast<double>(now.held));
    gauge("payouts_frozen", "Those of them that are frozen.", static_cast<double>(now.frozen));
    const auto& desk = *payouts->all().front();
    const auto first = desk.figures();
    if (desk.network().is_token()) {
        const auto whole = [&](const SignedWei& units) { return approximate_whole(units, desk.network()); };
        gauge("payouts_open_tokens", "What they pay, in whole units of the token.", whole(first.under_way));
        gauge("payouts_today_tokens", "What was bound on this UTC day, in whole units.", whole(first.bound_today));
        gauge("payouts_limit_tokens", "payouts.per_day, in whole units of the token.", whole(first.per_day));
        if (first.funds)
            gauge("payer_funds_tokens", "What the payer can pay out, in whole units.", whole(*first.funds));
    } else {
        gauge("payouts_open_eth", "What they pay.", approximate_eth(first.under_way));
        gauge("payouts_today_eth", "What was bound on this UTC day.", approximate_eth(first.bound_today));
        gauge("payouts_limit_eth", "payouts.per_day.", approximate_eth(first.per_day));
        if (first.funds) gauge("payer_funds_eth", "What the payer can pay out.", approximate_eth(*first.funds));
    }
    gauge("payouts_blocked", "1 while no payout is bound, whatever the reason.", now.blocked ? 1 : 0);
    gauge("payouts_without_address", "Orchestrators that are due to be paid and have no address that may be paid.",
          static_cast<double>(now.without_address));
}

template <class Work>
auto ManagerMetrics::on_control(Work work) -> Result<decltype(work())> {
    return host_.loop().ask_within(control_patience_ns, std::move(work));
}

Result<std::vector<ManagerMetrics::Row>> ManagerMetrics::rows() {
    std::vector<Row> out;
    for (std::size_t from = 0;; from += rows_at_once) {
        STIPEND_LET(some, on_control([&engine = engine_, &host = host_, from] {
                        std::vector<Row> part;
                        const auto now = host.now();
                        const auto& counts = engine.payee_counts();
                        const auto end = std::min(counts.own().size(), from + rows_at_once);
                        for (auto at = from; at < end; ++at) {
                            const auto payee = counts.own()[at];
                            const auto state = engine.state_of(payee);
                            part.push_back({.payee = engine.payees()[payee],
                                            .count = counts.own_count(at),
                                            .consecutive_failures = state.consecutive_failures,
                                            .active = engine.is_active(payee),
                                            .suspended = state.suspended,
                                            .held = engine.has_open_gap(payee),
                                            .due_at = state.due_at,
                                            .fees_today_eth = approximate_eth(engine.fees().used(payee, now))});
                        }
                        return part;
                    }));
        std::move(some.begin(), some.end(), std::back_inserter(out));
        if (some.size() < rows_at_once) return out;
    }
}

Result<ManagerMetrics::Totals> ManagerMetrics::totals(const PayoutDesks* payouts) {
    return on_control([&engine = engine_, &host = host_, payouts] {
        const auto& counts = engine.payee_counts();
        Totals out;
        out.others = counts.others();
        out.has_others = engine.payees().size() > counts.own().size();
        const auto& alerts = engine.alerts().all();
        for (const auto& [id, alert] : alerts) {
            if (out.alerts.size() == runtime::MetricPage::max_listed) break;
            out.alerts.push_back({.id = id, .severity = alert.severity, .text = {}, .at = alert.at});
        }
        out.more_alerts = alerts.size() - out.alerts.size();
        out.queues = engine.queues();
        const auto newest = engine.generations().back();
        out.accrued = engine.accrued_today(host.now());
        out.accrual_limit = newest->limits.per_day;
        out.generation = newest->row.id;
        out.active = engine.active();
        out.failing = engine.failing();
        if (payouts == nullptr || payouts->all().size() == 1) return out;
        for (const auto& desk : payouts->all()) {
            out.payouts.push_back({.network = desk->network(), .name = desk->name(), .figures = desk->figures()});
        }
        return out;
    });
}

void ManagerMetrics::read_ledger(const std::vector<Row>& rows) {
    const auto begun = std::chrono::steady_clock::now();
    if (begun < read_again_) return;
    recorded_ = {};
    std::vector<ledger::OrchestratorId> ids;
    ids.reserve(rows.size());
    for (const auto& row : rows) ids.push_back(row.payee.id);
    const auto read = ledger_.read([&](ledger::Ledger& ledger) -> Result<void> {
        STIPEND_LET(balances, ledger.balances());
        for (const auto& one : balances) {
            if (one.network.is_token()) {
                recorded_.owed_tokens.emplace(one.orchestrator,
                                              std::pair(one.network.symbol, approximate_whole(one.owed, one.network)));
            } else {
                recorded_.owed_eth.emplace(one.orchestrator, approximate_eth(one.owed));
            }
        }
        STIPEND_LET(standings, ledger.standings(ids));
        for (std::size_t at = 0; at < ids.size(); ++at) {
            if (standings[at].last) recorded_.last.emplace(ids[at], std::move(*standings[at].last));
        }
        return {};
    });
    recorded_.complete = read.ok();
    const auto ended = std::chrono::steady_clock::now();
    read_again_ = ended + read_share * (ended - begun);
}

void ManagerMetrics::add_counts(runtime::MetricPage& page, const std::vector<Row>& rows, const Totals& totals) const {
    const auto each = [&](auto&& add) {
        for (const auto& row : rows) add(std::string_view(row.payee.key), row.count);
        if (totals.has_others) add(std::string_view(runtime::MetricPage::others), totals.others);
    };
    page.counters("orchestrator_jobs_total", "Jobs that ended, by outcome, and by whose fault it was.");
    each([&](std::string_view key, const PayeeCount& count) {
        for (std::size_t at = 0; at < job_ends; ++at) {
            const auto& [outcome, fault] = job_end_names[at];
            page.add({{"orchestrator", key}, {"outcome", outcome}, {"fault", fault}},
                     static_cast<double>(count.jobs[at]));
        }
    });
    page.histograms("orchestrator_job_duration_seconds", "Time until the answer to a job, of jobs with an answer.");
    each([&](std::string_view key, const PayeeCount& count) { page.add({{"orchestrator", key}}, count.answered); });
    page.counters("orchestrator_decisions_total", "Pay periods that were decided, and times that they were held.");
    each([&](std::string_view key, const PayeeCount& count) {
        page.add({{"orchestrator", key}, {"action", "pay"}}, static_cast<double>(count.paid));
        page.add({{"orchestrator", key}, {"action", "skip"}}, static_cast<double>(count.skipped));
        page.add({{"orchestrator", key}, {"action", "hold"}}, static_cast<double>(count.held));
    });
    page.counters("orchestrator_accrued_usd_total", "US dollars that decisions of this run owe.");
    each([&](std::string_view key, const PayeeCount& count) {
        page.add({{"orchestrator", key}}, approximate(count.accrued));
    });
}

void ManagerMetrics::add_states(runtime::MetricPage& page, const std::vector<Row>& rows) const {
    page.gauges("orchestrator_info", "1 for each orchestrator that is configured, with its address and capability.");
    for (const auto& row : rows) {
        if (!row.active) continue;
        page.add(
            {{"orchestrator", row.payee.key}, {"address", row.payee.address}, {"capability", row.payee.capability}}, 1);
    }
    const auto each = [&](const char* name, const char* help, auto&& value) {
        page.gauges(name, help);
        for (const auto& row : rows) {
            if (row.active) page.add({{"orchestrator", row.payee.key}}, static_cast<double>(value(row)));
        }
    };
    each("orchestrator_consecutive_failures", "Failed checks in a row.",
         [](const Row& row) { return row.consecutive_failures; });
    each("orchestrator_suspended", "1 while the orchestrator is suspended.",
         [](const Row& row) { return row.suspended ? 1 : 0; });
    each("orchestrator_held", "1 while its present pay period is held.",
         [](const Row& row) { return row.held ? 1 : 0; });
    each("orchestrator_next_due_timestamp_seconds", "When its next check is due, in Unix time.",
         [](const Row& row) { return static_cast<double>(row.due_at) / 1e9; });
    each("orchestrator_fees_today_eth", "What its jobs cost on this UTC day, reservations included.",
         [](const Row& row) { return row.fees_today_eth; });
}

void ManagerMetrics::add_recorded(runtime::MetricPage& page, const std::vector<Row>& rows) const {
    page.gauges("ledger_readable", "1 where the ledger's file could be read for these metrics.");
    page.add({}, recorded_.complete ? 1 : 0);
    if (!recorded_.complete) return;
    auto others = recorded_.owed_eth;
    page.gauges("orchestrator_owed_eth", "What the orchestrator is owed.");
    for (const auto& row : rows) {
        const auto found = others.find(row.payee.id);
        if (found == others.end()) continue;  // it is not written yet
        page.add({{"orchestrator", row.payee.key}}, found->second);
        others.erase(found);
    }
    double rest = 0;
    for (const auto& [id, owed] : others) rest += owed;
    if (!others.empty()) page.add({{"orchestrator", runtime::MetricPage::others}}, rest);
    if (!recorded_.owed_tokens.empty()) {
        page.gauges("orchestrator_owed_tokens", "What the orchestrator is owed, in whole units of a token.");
        for (const auto& row : rows) {
            const auto found = recorded_.owed_tokens.find(row.payee.id);
            if (found == recorded_.owed_tokens.end()) continue;
            page.add({{"orchestrator", row.payee.key}, {"asset", found->second.first}}, found->second.second);
        }
    }
    const auto each = [&](const char* name, const char* help, auto&& add) {
        page.gauges(name, help);
        for (const auto& row : rows) {
            const auto found = recorded_.last.find(row.payee.id);
            if (row.active && found != recorded_.last.end()) add(std::string_view(row.payee.key), found->second);
        }
    };
    each("orchestrator_uptime_ratio", "The uptime of the last pay period that was decided, where it was measured.",
         [&](std::string_view key, const ledger::Decision& last) {
             if (last.uptime_ppm) page.add({{"orchestrator", key}}, ratio_of_ppm(*last.uptime_ppm));
         });
    each("orchestrator_coverage_ratio", "The share of that period that this host observed.",
         [&](std::string_view key, const ledger::Decision& last) {
             page.add({{"orchestrator", key}}, ratio_of_ppm(last.coverage_ppm));
         });
    each("orchestrator_tier", "1 for the tier of that period.",
         [&](std::string_view key, const ledger::Decision& last) {
             page.add({{"orchestrator", key}, {"tier", last.tier}}, 1);
         });
}

void ManagerMetrics::add_totals(runtime::MetricPage& page, const Totals& totals) const {
    page.gauges("alert_firing", "1 for each alert that is raised; beyond 1,000 of them, how many more.");
    for (const auto& alert : totals.alerts) {
        page.add({{"id", alert.id}, {"severity", alert.severity == STIPEND_ALERT_CRITICAL ? "critical" : "warning"}},
                 1);
    }
    if (totals.more_alerts != 0) {
        page.add({{"id", runtime::MetricPage::others}, {"severity", ""}}, static_cast<double>(totals.more_alerts));
    }
    const auto gauge = [&](const char* name, const char* help, double value) {
        page.gauges(name, help);
        page.add({}, value);
    };
    gauge("accrued_today_usd", "US dollars that are owed for this UTC day's decisions.", approximate(totals.accrued));
    gauge("accrual_limit_usd", "limits.accrual_per_day.", approximate(totals.accrual_limit));
    gauge("orchestrators_failing", "Orchestrators whose last check failed.", static_cast<double>(totals.failing));
    gauge("generation", "The number of the newest configuration in force.", static_cast<double>(totals.generation));
    page.gauges("queue_length", "What waits, by queue.");
    const auto& queues = totals.queues;
    const std::pair<const char*, std::size_t> lengths[] = {
        {"due", queues.ready},         {"sent", queues.placed},    {"sent_long_ago", queues.waiting},
        {"undecided", queues.sampled}, {"fees", queues.reserving}, {"ledger", host_.writer().queued()}};
    for (const auto& [name, length] : lengths) page.add({{"queue", name}}, static_cast<double>(length));
}

void ManagerMetrics::add_payouts(runtime::MetricPage& page, const Totals& totals) {
    if (totals.payouts.empty()) return;
    const auto each = [&](const char* name, const char* help, auto&& value) {
        page.gauges(name, help);
        for (const auto& one : totals.payouts) {
            const std::optional<double> figure = value(one);
            if (figure) page.add({{"network", one.name}, {"asset", one.network.symbol}}, *figure);
        }
    };
    const auto whole = [](const Payouts& one, const SignedWei& units) { return approximate_whole(units, one.network); };
    each("network_payouts_open", "What the open payouts of each network pay, in whole units of its asset.",
         [&](const Payouts& one) { return whole(one, one.figures.under_way); });
    each("network_payouts_today", "What was bound on this UTC day, in whole units.",
         [&](const Payouts& one) { return whole(one, one.figures.bound_today); });
    each("network_payouts_limit", "Its payouts.per_day, in whole units.",
         [&](const Payouts& one) { return whole(one, one.figures.per_day); });
    each("network_payer_funds", "What its payer can pay out, in whole units.", [&](const Payouts& one) {
        return one.figures.funds ? std::optional(whole(one, *one.figures.funds)) : std::nullopt;
    });
    each("network_payouts_blocked", "1 while no payout of the network is bound, whatever the reason.",
         [](const Payouts& one) { return one.figures.blocked ? 1.0 : 0.0; });
}

Result<void> ManagerMetrics::add(runtime::MetricPage& page, const PayoutDesks* payouts) {
    STIPEND_LET(rows, this->rows());
    STIPEND_LET(totals, this->totals(payouts));
    read_ledger(rows);
    add_counts(page, rows, totals);
    add_states(page, rows);
    add_recorded(page, rows);
    add_totals(page, totals);
    add_payouts(page, totals);
    return {};
}

}  // namespace stipend::engine
