#include "tools/verify/verify.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/printable.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "tools/jobs/token.hpp"
#include "tools/jobs/way_options.hpp"
#include "tools/verify/gateway_steps.hpp"
#include "tools/verify/host_steps.hpp"
#include "tools/verify/orchestrator_steps.hpp"
#include "tools/verify/runner_steps.hpp"

namespace stipend::verify {
namespace {

constexpr std::string_view no_configuration = "no configuration is named";
constexpr std::string_view name_one = "name it: -c FILE";

int refuse(const std::string& text) {
    fmt::print(stderr, "stipend verify: {}\n", printable(text));
    return exit_usage;
}

// All that is decided before the first step.
struct Plan {
    jobs::Way way;
    std::optional<jobs::RunnerTerms> runner;  // where live runners are called, without a gateway
    Payer payer;
    Terms terms;
    std::vector<Payee> payees;
    bool pay = false;
    std::int64_t patience_ns = 0;
    bool json = false;
};

Payee payee_for(const jobs::Asked& asked, const Payer& payer) {
    const auto found = std::ranges::find_if(
        payer.payees, [&](const Payee& one) { return livepeer::same_address(one.asked.address, asked.address); });
    if (found == payer.payees.end()) return {.asked = asked};
    auto out = *found;
    out.asked = asked;  // with what the command line says that it announces
    return out;
}

Result<Terms> terms_of(const Options& options, const Payer& payer) {
    Terms out;
    if (options.credential.empty() && payer.credential) {
        out.credential = *payer.credential;
    } else {
        STIPEND_SET(out.credential, jobs::credential_from(options.credential));
    }
    out.max_price = payer.max_price;
    if (!options.max_price.empty()) {
        auto price = Wei::parse(options.max_price);
        if (!price) return std::move(price).error().in("--max-price");
        out.max_price = *price;
    }
    out.price_allowed = options.pay || !options.max_price.empty();
    out.price_unseen_allowed = payer.price_unseen_allowed || options.price_unseen;
    out.signed_only = payer.signed_only;
    out.window_s = payer.interval_s;
    return out;
}

Result<Plan> plan_of(const Options& options) {
    Plan out;
    STIPEND_LET(chosen, jobs::choose(options.way));
    out.way = chosen.way;
    if (!options.way.config_file.empty())
        STIPEND_SET(out.payer, read_payer(options.way.config_file, options.way.dispatch));
    STIPEND_SET(out.terms, terms_of(options, out.payer));
    if (chosen.by_runner) {
        out.runner = chosen.terms;
        if (!options.max_price.empty()) {
            if (out.runner->signer.empty()) {
                return fail(STIPEND_E_INVALID,
                            "--max-price: live runners are paid by a remote signer: want --signer URL");
            }
            out.runner->max_price = out.runner->max_second = out.terms.max_price;
        }
    }
    for (const auto& asked : chosen.orchestrators) out.payees.push_back(payee_for(asked, out.payer));
    if (out.payees.empty()) out.payees = out.payer.payees;
    if (out.payees.size() > jobs::max_orchestrators) {
        return fail(STIPEND_E_LIMIT, "got ", out.payees.size(), " orchestrators, want at most ",
                    jobs::max_orchestrators, ": name some by --orchestrator");
    }
    if (out.payees.empty() && out.runner) {
        return fail(STIPEND_E_INVALID, "no orchestrator: want --orchestrator URL, or -c FILE that lists some");
    }
    if (out.payees.empty()) out.payees.emplace_back();  // the gateway chooses
    STIPEND_SET(out.patience_ns, jobs::parse_seconds("--wait", options.wait));
    out.pay = options.pay;
    out.json = options.json;
    if (!options.pay) return out;
    if (out.payer.config_file.empty())
        return fail(STIPEND_E_INVALID, "--pay: want -c FILE, the configuration that pays");
    if (chosen.orchestrators.size() != 1) return fail(STIPEND_E_INVALID, "--pay: want one --orchestrator");
    if (out.payees.front().id.empty()) {
        return fail(STIPEND_E_INVALID, "--pay: ", out.payees.front().asked.address, " is not in the configuration");
    }
    return out;
}

// --pay is meant: by --yes, or by an answer at a terminal.
bool confirmed(const Options& options, const Plan& plan, const HostSteps& host) {
    if (options.yes) return true;
    if (::isatty(STDIN_FILENO) == 0) return false;
    const auto& id = plan.payees.front().id;
    if (host.runs()) {
        fmt::print(stderr, "--pay waits for the running host's next check of {}, due at {}, and its decision.\n",
                   printable_line(id), printable_line(host.next_check_of(plan.payees.front())));
    } else {
        fmt::print(stderr, "--pay runs `stipend run --once`: {} and all others that are due are checked, and paid.\n",
                   printable_line(id));
    }
    fmt::print(stderr, "Go on? [y/N] ");
    std::fflush(stderr);
    std::string answer;
    return std::getline(std::cin, answer) && (answer == "y" || answer == "yes");
}

class Verification {
  public:
    Verification(const Plan& plan, std::optional<HostSteps> host) : plan_(plan), host_(std::move(host)) {}

    const Report& run() {
        of_gateway();
        for (const auto& payee : plan_.payees) {
            if (!plan_.json) {
                fmt::print("{}\n",
                           printable_line(payee.asked.address.empty() ? "the orchestrator that the gateway chooses"
                                                                      : payee.asked.address));
            }
            of_orchestrator(payee);
        }
        if (!plan_.json) fmt::print("all\n");
        of_host(StepId::audit, {}, [&] { return host_->audit(); });
        return report_;
    }

  private:
    template <class Work>
    void step(StepId id, const std::string& orchestrator, Work&& work) {
        const auto began = std::chrono::steady_clock::now();
        Step one{.id = id, .orchestrator = orchestrator};
        const auto blocked = report_.blocked_by(id, orchestrator);
        one.found = blocked ? skipped(cat("needs step ", static_cast<int>(*blocked))) : work();
        one.took_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count();
        if (!plan_.json) fmt::print("{}", line_of(one));
        std::fflush(stdout);
        report_.add(std::move(one));
    }
    // A step that asks the payer's own side.
    template <class Work>
    void of_host(StepId id, const std::string& orchestrator, Work&& work) {
        step(id, orchestrator,
             [&] { return host_ ? work() : skipped(std::string(no_configuration), std::string(name_one)); });
    }
    // Live runners are called at their orchestrators' own addresses.
    void of_no_gateway() {
        for (const auto id : {StepId::dns, StepId::tcp, StepId::tls, StepId::route, StepId::sentinel}) {
            step(id, {}, [] { return not_needed("live runners are called without a gateway"); });
        }
    }
    void of_gateway() {
        if (plan_.runner) return of_no_gateway();
        GatewaySteps gateway(plan_.way);
        if (!plan_.json) fmt::print("{}\n", printable_line(plan_.way.gateway));
        step(StepId::dns, {}, [&] { return gateway.dns(); });
        step(StepId::tcp, {}, [&] { return gateway.tcp(); });
        step(StepId::tls, {}, [&] { return gateway.tls(); });
        step(StepId::route, {}, [&] { return gateway.route(); });
        step(StepId::sentinel, {}, [&] { return gateway.sentinel(); });
    }
    void of_orchestrator(const Payee& payee) {
        if (plan_.runner) {
            take_steps(payee, RunnerSteps(plan_.way, *plan_.runner, payee, plan_.terms));
        } else {
            take_steps(payee, OrchestratorSteps(plan_.way, payee, plan_.terms));
        }
    }
    template <class Steps>
    void take_steps(const Payee& payee, Steps one) {
        const auto& address = payee.asked.address;
        step(StepId::token, address, [&] { return one.token(); });
        step(StepId::capacity, address, [&] { return one.capacity(); });
        step(StepId::price, address, [&] { return one.price(); });
        step(StepId::job, address, [&] { return one.job(); });
        step(StepId::served_by, address, [&] { return one.served_by(); });
        step(StepId::uptime, address, [&] { return one.uptime(); });
        of_host(StepId::tier, address, [&] { return host_->tier(payee, one.uptime_ppm()); });
        of_host(StepId::amount, address, [&] { return host_->amount(payee); });
        of_host(StepId::ledger_row, address, [&] { return host_->ledger_row(payee, plan_.pay, plan_.patience_ns); });
        of_host(StepId::settlement, address, [&] { return host_->settlement(payee); });
    }

    const Plan& plan_;
    std::optional<HostSteps> host_;
    Report report_;
};

}  // namespace

int verify(const Options& options) {
    auto plan = plan_of(options);
    if (!plan) return refuse(plan.error().message);
    std::optional<HostSteps> host;
    if (!plan->payer.config_file.empty()) {
        auto made = HostSteps::create(plan->payer);
        if (!made) return refuse(made.error().message);
        host.emplace(std::move(*made));
    }
    if (plan->pay && !confirmed(options, *plan, *host)) return refuse("--pay: want --yes, or y at a terminal");
    Verification verification(*plan, std::move(host));
    const auto& report = verification.run();
    const bool good = report.count(Verdict::fail) == 0;
    if (options.json) {
        auto out = Json::object().append("gateway", plan->way.gateway).append("capability", plan->way.capability);
        out.append("good", good);
        const auto found = json_of(report);
        for (const auto& [name, value] : found.members()) out.append(name, value);
        fmt::print("{}\n", out.dump());
    } else {
        fmt::print("{}\n", sum_of(report));
    }
    return good ? exit_good : exit_failed;
}

}  // namespace stipend::verify
