#include "tools/verify/host_steps.hpp"

#include <filesystem>
#include <utility>

#include "host/base/time.hpp"
#include "livepeer/wire.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/money.hpp"

namespace stipend::verify {
namespace {

constexpr std::int64_t looked_back_ns = 3 * ns_per_day;
constexpr int differs = 3;  // exit status of `stipend explain`

Found not_configured(const Payee& payee) {
    return skipped(cat(payee.asked.address, " is not in the configuration"),
                   "list it under orchestrators, or name one that is by --orchestrator");
}

}  // namespace

Result<HostSteps> HostSteps::create(const Payer& payer) {
    STIPEND_LET(program, StipendProgram::installed_with_this(payer.config_file));
    HostSteps out(payer, std::move(program));
    auto status = out.program_.ask_json(out.program_.command({"status", "--json"}, short_deadline_ns));
    if (status) out.status_ = std::move(*status);
    out.rate_ = out.status_ ? text_in(*out.status_, "usd_per_eth") : payer.usd_per_eth;
    out.rate_source_ = out.status_ ? "the running host's rate" : "the configuration's rate";
    return out;
}

bool HostSteps::has_ledger() const {
    std::error_code error;
    return std::filesystem::exists(std::filesystem::path(payer_.state) / "ledger.db", error);
}

Found HostSteps::no_ledger() const {
    return skipped(cat("there is no ledger in ", payer_.state), cat("begin one: ", program_.typed("run")));
}

std::string HostSteps::next_check_of(const Payee& payee) const {
    if (!status_) return {};
    for (const auto& one : part_of(*status_, "orchestrators").items()) {
        if (text_in(one, "orchestrator") == payee.id) return text_in(one, "next_at");
    }
    return {};
}

Found HostSteps::tier(const Payee& payee, std::uint32_t uptime_ppm) {
    if (payee.id.empty()) return not_configured(payee);
    const auto next = program_.typed("policy eval");
    if (payee.own_policy) {
        return skipped(cat(payee.id, " has policy options of its own, which `stipend policy eval` does not take"),
                       cat("see its decisions: ", program_.typed(cat("explain --orchestrator ", payee.id, " EPOCH"))));
    }
    auto arguments = std::vector<std::string>{"policy", "eval", "--json"};
    if (!rate_.empty()) arguments.insert(arguments.end(), {"--usd-per-eth", rate_});
    auto command = program_.command(std::move(arguments), short_deadline_ns);
    command.input = Json::object()
                        .append("orchestrator", payee.id)
                        .append("job", "ok")
                        .append("uptime_percent", Json::of_number(ppm_to_percent(uptime_ppm)))
                        .append("base_usd", payee.base_usd)
                        .dump() +
                    "\n";
    auto decided = program_.ask_json(command);
    if (!decided) return failed(decided.error().message, cat("correct the configuration: ", program_.typed("check")));
    decided_ = std::move(*decided);
    return passed(cat(text_in(decided_, "tier"), ": ", text_in(decided_, "action"), ", x ",
                      text_in(decided_, "multiplier"), ", the next check ", text_in(decided_, "next_in_seconds"),
                      " s later; without failures before it"));
}

Found HostSteps::amount(const Payee& payee) const {
    const auto dollars =
        cat(text_in(decided_, "amount_usd"), " USD (", payee.base_usd, " x ", text_in(decided_, "multiplier"), ")");
    if (text_in(decided_, "action") != "pay") return passed("nothing: " + text_in(decided_, "reason"));
    if (!payee.network.empty()) return passed(cat(dollars, ", on the network ", payee.network, " at its own rate"));
    if (rate_.empty()) {
        return failed(
            cat(dollars, ", and no rate is known to convert it"),
            status_ ? "look at troubleshooting.md, \"The price\"" : cat("start the host: ", program_.typed("run")));
    }
    return passed(
        cat(dollars, " = ", text_in(decided_, "amount_wei"), " wei at ", rate_, " USD for one ETH, ", rate_source_));
}

Result<std::string> HostSteps::newest_epoch(const Payee& payee) const {
    std::string epoch;
    auto command = program_.command({"ledger", "export", "--kind", "decisions", "--orchestrator", payee.id, "--from",
                                     utc_text(SystemClock().now() - looked_back_ns)},
                                    long_deadline_ns);
    std::string last;
    command.on_line = [&](std::string_view line) {
        last = line;
        return true;
    };
    STIPEND_TRY(program_.ask(command));
    if (last.empty()) return epoch;
    STIPEND_LET(json, parse_json(last, {.bytes = last.size(), .depth = 8, .nodes = 10'000}));
    return text_in(json, "epoch");
}

// The running host keeps its schedule: no order makes a check come earlier.
Result<std::string> HostSteps::next_of_host(const Payee& payee, std::int64_t patience_ns) const {
    std::string epoch;
    auto command = program_.command({"watch", "--json", "--orchestrator", payee.id}, patience_ns);
    command.on_line = [&](std::string_view line) {
        const auto json = parse_json(line, {.bytes = line.size(), .depth = 16, .nodes = 10'000});
        if (!json || text_in(*json, "event") != "payment") return true;
        epoch = text_in(part_of(*json, "data"), "epoch");  // a manual payment has none
        return epoch.empty();
    };
    const auto ended = program_.ask(command);
    if (ended && !epoch.empty()) return epoch;
    return fail(STIPEND_E_UNAVAILABLE,
                "no decision came: ", ended ? std::string("the host ended its events") : ended.error().message,
                "; its next check is at ", next_check_of(payee));
}

Result<std::string> HostSteps::decide(const Payee& payee, const std::string& before, std::int64_t patience_ns) const {
    if (runs()) return next_of_host(payee, patience_ns);
    const auto once = program_.ask(program_.command({"run", "--once"}, long_deadline_ns));
    if (!once) return once.error();
    STIPEND_LET(epoch, newest_epoch(payee));
    if (epoch != before) return epoch;
    return fail(STIPEND_E_UNAVAILABLE, "`stipend run --once` decided nothing of it: it is not due, or held");
}

Found HostSteps::ledger_row(const Payee& payee, bool pay, std::int64_t patience_ns) const {
    if (payee.id.empty()) return not_configured(payee);
    if (!has_ledger() && !pay) return no_ledger();
    auto epoch = has_ledger() ? newest_epoch(payee) : Result<std::string>(std::string());
    if (!epoch) return failed(epoch.error().message, program_.typed("ledger verify"));
    if (pay) {
        auto made = decide(payee, *epoch, patience_ns);
        if (!made) return failed(made.error().message, cat("see what it waits for: ", program_.typed("status")));
        epoch = std::move(*made);
    }
    if (epoch->empty()) {
        return skipped(cat("no decision about ", payee.id, " within the last 3 days"),
                       runs() ? cat("it is due at ", next_check_of(payee), ": ", program_.typed("status"))
                              : cat("start the host: ", program_.typed("run")));
    }
    return explained(payee, *epoch);
}

Found HostSteps::explained(const Payee& payee, const std::string& epoch) const {
    const auto arguments = std::vector<std::string>{"explain", "--json", "--orchestrator", payee.id, epoch};
    const auto typed = program_.typed(cat("explain --orchestrator ", payee.id, " ", epoch));
    const auto one = program_.ask_json(program_.command(arguments, long_deadline_ns), {1, differs});
    if (!one) return failed(one.error().message, typed);
    const auto& again = part_of(*one, "recomputed");
    const auto row = cat("epoch ", epoch, " of ", payee.id, ", due at ", text_in(part_of(*one, "period"), "due_at"),
                         ": ", text_in(*one, "action"), " ", text_in(part_of(*one, "tier"), "tier"), ", ",
                         text_in(*one, "amount_usd"), " USD, ", text_in(part_of(*one, "conversion"), "amount"));
    if (text_in(again, "row_is_of_the_chain") != "true") {
        return failed(row + "; it is not the row that the chain has the hash of", program_.typed("ledger verify"));
    }
    const auto same = text_in(again, "same");
    if (same == "true") return passed(row + "; computed again: the same");
    if (same == "false") return failed(row + "; computed again: NOT the same", typed);
    return skipped(cat(row, "; it cannot be computed again: ", text_in(again, "error")), typed);
}

Found HostSteps::settlement(const Payee& payee) const {
    if (payee.id.empty()) return not_configured(payee);
    const auto mode = status_ ? text_in(*status_, "settlement") : payer_.settlement;
    if (payer_.settlement == "dry-run") return passed(mode + ": decisions are recorded, and nothing is ever paid");
    if (payer_.settlement == "accrue")
        return passed(mode + ": debts are recorded, and paid once settlement is ethereum");
    if (!has_ledger()) return no_ledger();
    std::string problem;
    std::size_t open = 0;
    auto command = program_.command({"payouts", "list", "--json", "--orchestrator", payee.id}, long_deadline_ns);
    std::string number;
    command.on_line = [&](std::string_view line) {
        const auto payout = parse_json(line, {.bytes = line.size(), .depth = 16, .nodes = 10'000});
        if (!payout) return true;
        ++open;
        const auto state = text_in(*payout, "state");
        if (!problem.empty() || (state != "frozen" && state != "held")) return true;
        number = text_in(*payout, "payout");
        problem = cat("payout ", number, " is ", state, ": ", text_in(*payout, "reason"));
        return true;
    };
    if (const auto listed = program_.ask(command); !listed) {
        return failed(listed.error().message, program_.typed("payouts list"));
    }
    if (!problem.empty()) return failed(problem, program_.typed("payouts show " + number));
    const auto waits = status_ ? text_in(part_of(*status_, "payouts"), "waits_for") : std::string();
    return passed(
        cat(mode, ": ", open, " payouts open, none held or frozen", waits.empty() ? "" : "; waits for: ", waits));
}

Found HostSteps::audit() const {
    if (!has_ledger()) return no_ledger();
    const auto next = cat(program_.typed("ledger verify"), "; docs/audit.md says what to do");
    const auto report = program_.ask_json(program_.command({"ledger", "verify", "--json"}, long_deadline_ns), {1});
    if (!report) return failed(report.error().message, next);
    const auto rows =
        cat(text_in(*report, "audit_rows"), " audit rows, ", text_in(*report, "decisions"), " decisions, ",
            text_in(*report, "bad"), " wrong; head ", text_in(*report, "head_seq"), ":", text_in(*report, "head_hash"));
    if (text_in(*report, "clean") != "true") {
        const auto& findings = part_of(*report, "findings").items();
        return failed(cat(rows, findings.empty() ? "" : "; the first: ",
                          findings.empty() ? std::string() : text_in(findings.front(), "what")),
                      next);
    }
    if (text_in(*report, "complete") != "true")
        return failed(rows + "; archives are not found, or the WAL is missing", next);
    return passed(rows);
}

}  // namespace stipend::verify
