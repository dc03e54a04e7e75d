#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include "stipend/duration.hpp"
#include "tools/jobs/commands.hpp"
#include "tools/jobs/host_config.hpp"
#include "tools/jobs/pricing.hpp"
#include "tools/jobs/report.hpp"
#include "tools/jobs/token.hpp"
#include "tools/jobs/way_options.hpp"

namespace stipend::jobs {
namespace {

Result<Plan> plan_of(const LoadOptions& options, Chosen chosen) {
    Plan out;
    out.way = std::move(chosen.way);
    out.orchestrators = std::move(chosen.orchestrators);
    out.body = std::move(chosen.body);
    out.check = std::move(chosen.check);
    out.seed = options.seed;
    out.closed = options.closed;
    out.arrivals = options.arrivals == "poisson" ? Arrivals::poisson : Arrivals::constant;
    STIPEND_SET(out.rate, parse_rate(options.rate));
    STIPEND_SET(out.duration_ns, parse_seconds("--duration", options.duration));
    out.deadline_ns = out.way.deadline_ns();
    if (!options.deadline.empty()) STIPEND_SET(out.deadline_ns, parse_seconds("--deadline", options.deadline));
    if (!options.thresholds.empty()) STIPEND_SET(out.thresholds, parse_thresholds(options.thresholds));
    out.connections = options.connections != 0 ? options.connections : options.closed ? 10 : out.connections;
    if (out.connections > max_connections) {
        return fail(STIPEND_E_LIMIT, "--connections: got ", out.connections, ", want 1 to ", max_connections);
    }
    const auto planned = out.rate.per_second() * static_cast<double>(out.duration_ns) / static_cast<double>(ns_per_s);
    if (!out.closed && planned > static_cast<double>(max_planned)) {
        return fail(STIPEND_E_LIMIT, "rate and duration make more than ", max_planned, " jobs, want fewer");
    }
    return out;
}

// What may be paid, and up to which sum. Without --pay nothing is, whatever a configuration says.
Result<void> take_payment(const LoadOptions& options, RunnerTerms terms, bool by_runner, Plan& plan) {
    if (!options.pay) {
        if (options.budget.empty() && options.way.signer.empty()) return {};
        return fail(STIPEND_E_INVALID, options.budget.empty() ? "--signer" : "--budget", " without --pay: want both");
    }
    if (!by_runner)
        return fail(STIPEND_E_INVALID, "--pay: jobs by a gateway are paid by the gateway, want --dispatch runner");
    if (terms.signer.empty()) return fail(STIPEND_E_INVALID, "--pay: want --signer URL of what makes the payments");
    if (options.budget.empty()) {
        return fail(STIPEND_E_INVALID, "--pay: want --budget WEI, the most that all jobs together may be paid with");
    }
    STIPEND_TRY(take_limit("--budget", options.budget, plan.budget.emplace()));
    plan.terms = std::move(terms);
    return {};
}

// A call in steps keeps a thread busy.
Result<void> bound_lines(const LoadOptions& options, Plan& plan) {
    const bool in_steps = std::ranges::any_of(plan.steps, [](const auto& one) { return one.has_value(); });
    if (!in_steps || plan.connections <= max_runner_lines) return {};
    if (options.connections == 0) {
        plan.connections = max_runner_lines;
        return {};
    }
    return fail(STIPEND_E_LIMIT, "--connections: got ", options.connections, ", want at most ", max_runner_lines,
                " where runners are paid or called in sessions");
}

using Prices = std::map<std::string, Stated>;  // by address

// To live runners, each at its orchestrator. What cannot be called, as for its price, is left out of the load where
// prices are compared, and an error otherwise.
Result<Prices> lead_to_runners(Plan& plan, bool pricing) {
    Prices out;
    if (plan.orchestrators.empty()) {
        return fail(STIPEND_E_INVALID, "--orchestrator: got none, want one for each live runner");
    }
    std::vector<Asked> called;
    for (const auto& asked : plan.orchestrators) {
        STIPEND_LET(found, look_at_runner(plan.way, asked));
        auto& stated = out[asked.address];
        if (found.offer) stated = stated_by(*found.offer);
        auto led = lead_to_runner(found, asked, plan.way, plan.terms);
        if (led) {
            called.push_back(asked);
            plan.runners.push_back(std::move(led->way));
            plan.steps.push_back(std::move(led->steps));
        } else if (pricing) {
            stated.problem = cat("not called: ", led.error().message);
        } else {
            return std::move(led).error().in(asked.address);
        }
    }
    plan.orchestrators = std::move(called);
    if (plan.orchestrators.empty()) {
        return fail(STIPEND_E_INVALID, "no live runner can be called: ", out.begin()->first, ": ",
                    out.begin()->second.problem);
    }
    return out;
}

// What cannot be asked has no price.
Result<Prices> prices_of(const Plan& plan, const std::string& file) {
    Prices out;
    if (plan.orchestrators.empty()) {
        return fail(STIPEND_E_INVALID, "--pricing: got no orchestrator, want --orchestrator for each that is compared");
    }
    STIPEND_LET(credential, credential_from(file));
    for (const auto& asked : plan.orchestrators) {
        const auto token = token_of(asked, plan.way.capability, credential);
        out[asked.address] = token ? stated_by(*token) : Stated{.problem = token.error().message};
    }
    return out;
}

void print(const LoadOptions& options, const Run& run, const Plan& plan, const std::vector<Priced>& pricing) {
    if (options.report != "json") {
        fmt::print("{}{}", text_report(run, plan), options.pricing ? text_of(pricing) : std::string());
        return;
    }
    auto report = json_report(run, plan);
    if (options.pricing) report.append("pricing", json_of(pricing));
    fmt::print("{}\n", report.dump());
}

// One line that is rewritten, on a terminal only.
class Screen {
  public:
    explicit Screen(bool on) : on_(on && ::isatty(STDERR_FILENO) == 1) {}
    ~Screen() {
        if (on_) std::fputs("\r\x1b[K", stderr);
    }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    void show(const std::string& line) const {
        if (on_) std::fputs(cat("\r", line, "\x1b[K").c_str(), stderr);
    }
    // Characters of a line, which may be others by now: one column stays free for the cursor.
    [[nodiscard]] std::size_t width() const {
        winsize size{};
        const bool known = on_ && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        return (known ? size.ws_col : usual_columns) - 1U;
    }

  private:
    static constexpr unsigned usual_columns = 80;  // where the terminal does not say
    bool on_;
};

}  // namespace

int refuse(const std::string& text, int status) {
    std::fprintf(stderr, "stipend jobs: %s\n", text.c_str());
    return status;
}

int load(const LoadOptions& options) {
    auto chosen = choose(options.way);
    if (!chosen) return refuse(chosen.error().message, exit_usage);
    if (!chosen->state.empty() && !options.yes) {
        const auto paid = paid_by_host(chosen->state);
        if (!paid) return refuse(paid.error().message, exit_bad);
        if (const auto one = first_paid(chosen->orchestrators, *paid); !one.empty()) {
            return refuse(cat("a running host pays ", one, " by jobs that this load competes with: want --yes"),
                          exit_usage);
        }
    }
    const bool by_runner = chosen->by_runner;
    auto terms = chosen->terms;
    auto plan = plan_of(options, std::move(*chosen));
    if (!plan) return refuse(plan.error().message, exit_usage);
    if (auto taken = take_payment(options, std::move(terms), by_runner, *plan); !taken) {
        return refuse(taken.error().message, exit_usage);
    }
    const auto compared = plan->orchestrators;
    Prices prices;
    if (by_runner || options.pricing) {
        auto asked = by_runner ? lead_to_runners(*plan, options.pricing) : prices_of(*plan, options.credential);
        if (!asked) return refuse(asked.error().message, exit_usage);
        prices = std::move(*asked);
    }
    if (auto bounded = bound_lines(options, *plan); !bounded) return refuse(bounded.error().message, exit_usage);
    const auto run = [&] {
        const Screen screen(!options.quiet);
        return run_load(*plan, [&](const Run& so_far) { screen.show(live_line(so_far, *plan, screen.width())); });
    }();
    if (!run) return refuse(run.error().message, exit_bad);
    print(options, *run, *plan, options.pricing ? priced(compared, prices, *run) : std::vector<Priced>());
    const auto verdict = verdict_on(*run, *plan);
    if (verdict.interrupted) return exit_signal;
    return verdict.held ? exit_good : exit_missed;
}

}  // namespace stipend::jobs
