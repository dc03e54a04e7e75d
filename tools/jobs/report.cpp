#include "tools/jobs/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "livepeer/wire.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::jobs {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> percentiles{
    {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p999", 999}, {"max", 1000}}};

std::string ms_text(const Histogram& of, std::uint32_t permille) {
    const auto us = of.percentile(permille);
    return us ? scaled_text(*us, 3) : std::string("-");
}

Json latency(const Histogram& of) {
    auto out = Json::object();
    for (const auto& [name, permille] : percentiles) {
        const auto us = of.percentile(permille);
        out.append(std::string(name), us ? Json::of_number(scaled_text(*us, 3)) : Json());
    }
    return out;
}

Json failures(const Counts& counts) {
    auto out = Json::object();
    for (std::size_t at = 1; at < outcomes; ++at)
        out.append(std::string(name_of(static_cast<Outcome>(at))), counts.at(at));
    return out;
}

Json per_second(double rate) {
    return Json::of_number(fmt::format("{:.3f}", rate));
}

double achieved(const Run& run) {
    if (run.sending_ns <= 0) return 0;
    return static_cast<double>(run.totals.sent) * static_cast<double>(ns_per_s) / static_cast<double>(run.sending_ns);
}

std::uint64_t cpu_percent(const Run& run) {
    return run.elapsed_ns <= 0 ? 0 : static_cast<std::uint64_t>(run.cpu_ns / (run.elapsed_ns / 100 + 1));
}

std::string_view arrivals_of(const Plan& plan) {
    if (plan.closed) return "closed";
    return plan.arrivals == Arrivals::poisson ? "poisson" : "constant";
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? "-" : fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

Verdict verdict_on(const Run& run, const Plan& plan) {
    Verdict out{.held = true, .interrupted = run.interrupted};
    for (const auto& one : plan.thresholds) out.held = out.held && compare(one, run.totals).held;
    return out;
}

Json json_report(const Run& run, const Plan& plan) {
    const auto& totals = run.totals;
    const auto bound = run.bound_by(plan);
    auto out = Json::object();
    out.append("gateway", plan.way.gateway).append("capability", plan.way.capability);
    out.append("arrivals", arrivals_of(plan)).append("seed", plan.seed);
    out.append("duration_seconds", Json::of_number(scaled_text(plan.duration_ns / ns_per_ms, 3)));
    out.append("elapsed_seconds", Json::of_number(scaled_text(run.elapsed_ns / ns_per_ms, 3)));
    out.append("planned", totals.planned).append("sent", totals.sent);
    out.append("succeeded", totals.succeeded()).append("failed_by_class", failures(totals.by_outcome));
    out.append("unsent", run.unsent()).append("unfinished", run.in_flight);
    out.append("rate_asked", plan.closed ? Json() : per_second(plan.rate.per_second()));
    out.append("rate_achieved", per_second(achieved(run)));
    out.append("late_starts", run.late_generator + run.late_connections);
    out.append("generator_bound", !bound.empty()).append("bound_by", bound.empty() ? Json() : Json(bound));
    out.append("cpu_percent", cpu_percent(run));
    out.append("connections", Json::object().append("opened", run.opened).append("most_at_once", run.most_in_flight));
    out.append(
        "latency_ms",
        Json::object().append("corrected", latency(totals.corrected)).append("service", latency(totals.service)));
    if (plan.budget) {
        out.append("fees", Json::object()
                               .append("paid_wei", run.paid.text())
                               .append("budget_wei", plan.budget->text())
                               .append("ended_by_budget", run.out_of_budget));
    }
    auto by = Json::object();
    for (const auto& [name, one] : run.by_orchestrator) {
        by.append(livepeer::printable(name, 200), Json::object()
                                                      .append("sent", one.sent)
                                                      .append("succeeded", one.by_outcome[0])
                                                      .append("failed_by_class", failures(one.by_outcome))
                                                      .append("latency_ms", latency(one.service)));
    }
    out.append("by_orchestrator", std::move(by));
    auto errors = Json::object();
    for (const auto& [outcome, why] : run.first_error) {
        errors.append(std::string(name_of(outcome)), livepeer::printable(why, 300));
    }
    out.append("first_errors", std::move(errors));
    auto thresholds = Json::array();
    for (const auto& one : plan.thresholds) {
        const auto got = compare(one, totals);
        thresholds.push(Json::object().append("threshold", one.text).append("got", got.got).append("held", got.held));
    }
    out.append("thresholds", std::move(thresholds));
    out.append("interrupted", run.interrupted);
    return out;
}

std::string text_report(const Run& run, const Plan& plan) {
    const auto& totals = run.totals;
    std::string out;
    const auto line = [&](std::string_view name, const std::string& text) {
        out += fmt::format("{:<18} {}\n", name, text);
    };
    line("jobs", fmt::format("{} planned, {} sent, {} succeeded ({})", totals.planned, totals.sent, totals.succeeded(),
                             share_text(totals.succeeded(), totals.planned)));
    if (plan.closed) {
        line("rate",
             fmt::format("{:.2f}/s over {} connections, {}", achieved(run), plan.connections, arrivals_of(plan)));
    } else {
        line("rate",
             fmt::format("{:.2f}/s of {:.2f}/s, {}; {} began more than {} late", achieved(run), plan.rate.per_second(),
                         arrivals_of(plan), run.late_generator + run.late_connections, duration_text(late_ns)));
    }
    if (plan.budget) {
        line("fees", fmt::format("{} of {} wei{}", run.paid.text(), plan.budget->text(),
                                 run.out_of_budget ? ": the next job could exceed it, so the load ended" : ""));
    }
    out +=
        fmt::format("\n{:<18} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "latency, ms", "p50", "p90", "p99", "p999", "max");
    const auto latencies = [&](std::string_view name, const Histogram& of) {
        out += fmt::format("{:<18}", name);
        for (const auto& percentile : percentiles) out += fmt::format(" {:>10}", ms_text(of, percentile.second));
        out += "\n";
    };
    if (!plan.closed) latencies("from the plan", totals.corrected);
    latencies("from the send", totals.service);
    if (totals.failed() > 0) out += "\n";
    for (const auto& [outcome, why] : run.first_error) {
        line(name_of(outcome), fmt::format("{}, the first: {}", totals.by_outcome.at(static_cast<std::size_t>(outcome)),
                                           livepeer::printable(why, 160)));
    }
    if (run.unsent() > 0) line("unsent", fmt::format("{} were never sent", run.unsent()));
    if (run.in_flight > 0) line("unfinished", fmt::format("{} were under way at the end", run.in_flight));
    out +=
        fmt::format("\n{:<40} {:>9} {:>10} {:>10} {:>10}\n", "orchestrator", "sent", "succeeded", "p50 ms", "p99 ms");
    for (const auto& [name, one] : run.by_orchestrator) {
        out += fmt::format("{:<40} {:>9} {:>10} {:>10} {:>10}\n", livepeer::printable(name, 40), one.sent,
                           one.by_outcome[0], ms_text(one.service, 500), ms_text(one.service, 990));
    }
    for (const auto& one : plan.thresholds) {
        const auto got = compare(one, totals);
        out += fmt::format("\n{:<4} {}: got {}", got.held ? "PASS" : "FAIL", one.text, got.got);
    }
    if (!plan.thresholds.empty()) out += "\n";
    if (const auto bound = run.bound_by(plan); !bound.empty()) {
        out += fmt::format("\nThe generator was the bottleneck: {}. These figures say little of the gateway.\n", bound);
    }
    if (run.interrupted) out += "\nInterrupted.\n";
    return out;
}

std::string live_line(const Run& run, const Plan& plan, std::size_t width) {
    const auto& totals = run.totals;
    const auto ended = totals.sent - run.in_flight;
    // A figure that is cut is another figure.
    const std::string figures[] = {
        fmt::format("{} s of {} s: {} sent", run.elapsed_ns / ns_per_s, plan.duration_ns / ns_per_s, totals.sent),
        fmt::format(", {} failed", ended - totals.succeeded()),
        fmt::format(", p50 {} ms, p99 {} ms", ms_text(totals.corrected, 500), ms_text(totals.corrected, 990)),
        fmt::format(", {} under way", run.in_flight),
    };
    std::string out;
    for (const auto& figure : figures) {
        if (out.size() + figure.size() > width) break;
        out += figure;
    }
    return out;
}

}  // namespace stipend::jobs
