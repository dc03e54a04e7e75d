#include <fmt/format.h>
#include <unistd.h>

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

// To the one live runner of a load.
Result<void> lead(const LoadOptions& options, Chosen& chosen) {
    if (chosen.orchestrators.size() != 1) {
        return fail(STIPEND_E_INVALID, "--orchestrator: got ", chosen.orchestrators.size(),
                    ", want one for a load of a live runner: each has an address of its own");
    }
    if (options.pricing) {
        return fail(STIPEND_E_INVALID,
                    "--pricing: a load calls free live runners only; their prices are public: "
                    "`stipend jobs send --dispatch runner` shows them");
    }
    return lead_to_runner(chosen.orchestrators.front(), chosen.way);
}

// By address. What cannot be asked has no price.
Result<std::map<std::string, livepeer::Token>> tokens_of(const Plan& plan, const std::string& file) {
    std::map<std::string, livepeer::Token> out;
    if (plan.orchestrators.empty()) {
        return fail(STIPEND_E_INVALID, "--pricing: got no orchestrator, want --orchestrator for each that is compared");
    }
    STIPEND_LET(credential, credential_from(file));
    for (const auto& asked : plan.orchestrators) {
        auto token = token_of(asked, plan.way.capability, credential);
        auto& kept = out[asked.address];
        if (token) {
            kept = std::move(*token);
        } else {
            kept.why = token.error().message;
        }
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
        if (on_) std::fputs(cat("\r", line.substr(0, 100), "\x1b[K").c_str(), stderr);
    }

  private:
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
    if (chosen->by_runner) {
        if (const auto led = lead(options, *chosen); !led) return refuse(led.error().message, exit_usage);
    }
    const auto plan = plan_of(options, std::move(*chosen));
    if (!plan) return refuse(plan.error().message, exit_usage);
    std::map<std::string, livepeer::Token> tokens;
    if (options.pricing) {
        auto asked = tokens_of(*plan, options.credential);
        if (!asked) return refuse(asked.error().message, exit_usage);
        tokens = std::move(*asked);
    }
    const auto run = [&] {
        const Screen screen(!options.quiet);
        return run_load(*plan, [&](const Run& so_far) { screen.show(live_line(so_far, *plan)); });
    }();
    if (!run) return refuse(run.error().message, exit_bad);
    print(options, *run, *plan, options.pricing ? priced(plan->orchestrators, tokens, *run) : std::vector<Priced>());
    const auto verdict = verdict_on(*run, *plan);
    if (verdict.interrupted) return exit_signal;
    return verdict.held ? exit_good : exit_missed;
}

}  // namespace stipend::jobs
