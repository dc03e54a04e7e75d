// `stipend explain`: why a decision is what it is, from the ledger of the state folder.
#include <fmt/format.h>

#include "host/base/percent.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/engine/explain_policy.hpp"
#include "stipend/money.hpp"

namespace stipend::cli {
namespace {

void line(std::FILE* out, std::string_view name, const std::string& text) {
    fmt::print(out, "{:<12}{}\n", name, text);
}

const Json& part(const Json& whole, std::string_view key) {
    static const Json none = Json::object();
    const auto* found = whole.find(key);
    return found == nullptr ? none : *found;
}

bool is_null(const Json& whole, std::string_view key) {
    return part(whole, key).is(Json::Kind::null);
}

// "95 %"
std::string percent(const Json& whole, std::string_view key) {
    const auto count = Decimal::parse(text_of(whole, key));
    const auto exact = count ? count->exact_scaled(0) : Result<std::int64_t>(count.error());
    if (!exact || *exact < 0 || *exact > ppm_one) return {};
    return ppm_to_percent(static_cast<std::uint32_t>(*exact)) + " %";
}

// "95 % (950000 ppm)"
std::string share(const Json& whole, std::string_view key) {
    const auto text = percent(whole, key);
    return text.empty() ? "none" : cat(text, " (", text_of(whole, key), " ppm)");
}

// What the answer said of the services that lowered the uptime.
void print_services(std::FILE* out, const Json& one) {
    for (const auto& service : part(one, "services").items()) {
        const auto time = is_null(service, "not_up_seconds")
                              ? std::string()
                              : cat(", not up for ", shown(service, "not_up_seconds"), " s of the last ",
                                    shown(part(one, "evidence"), "window_seconds"), " s");
        line(out, "services", cat(shown(service, "service"), " ", percent(service, "uptime_ppm"), time));
    }
    const auto more = text_of(one, "services_left_out");
    if (!more.empty() && more != "0") line(out, "services", cat(more, " more below 100 %"));
}

void print_check(std::FILE* out, const Json& one) {
    for (const auto& seen : part(one, "observed").items()) {
        line(out, "observed",
             cat(shown(seen, "target"), ": ", shown(seen, "observations"), " observations: up ",
                 shown(seen, "up_seconds"), " s, down ", shown(seen, "down_seconds"), " s, unknown ",
                 shown(seen, "unknown_seconds"), " s"));
    }
    if (part(one, "observed").items().empty()) line(out, "observed", "nothing by this host itself");
    for (const auto& down : part(one, "down").items()) {
        line(out, "down", cat(shown(down, "service"), " for ", shown(down, "seconds"), " s"));
    }
    const auto& evidence = part(one, "evidence");
    line(out, "check",
         text_of(one, "job") == "ok"
             ? cat("answered by ", shown(evidence, "served_by"), " in ", shown(evidence, "latency_seconds"),
                   " s, about the last ", shown(evidence, "window_seconds"), " s; keccak256 ",
                   shown(evidence, "body_keccak256"))
             : shown(one, "reason"));
    print_services(out, one);
    line(out, "uptime", cat(share(one, "uptime_ppm"), ", coverage by this host ", share(one, "coverage_ppm")));
}

void print_tier(std::FILE* out, const Json& one) {
    const auto& tier = part(one, "tier");
    const auto range = is_null(tier, "from_ppm") ? std::string()
                                                 : cat(": from ", share(tier, "from_ppm"), " to ",
                                                       share(tier, "to_ppm"), ", x ", shown(tier, "multiplier"));
    line(out, "tier", cat(shown(tier, "tier"), range, ", delay ", shown(tier, "delay_seconds"), " s"));
    const auto& penalty = part(one, "penalty");
    line(out, "penalty",
         cat(shown(penalty, "seconds"), " s: ", shown(penalty, "failures"), " failed in a row (",
             shown(penalty, "failures_before"), " before), ", shown(penalty, "intervals"), " x the interval",
             text_of(penalty, "suspended") == "true" ? "; suspended" : ""));
}

void print_money(std::FILE* out, const Json& one) {
    const auto& generation = part(one, "generation");
    if (!is_null(one, "demand")) {
        const auto& demand = part(one, "demand");
        line(out, "demand",
             cat("x ", shown(demand, "factor"), " was handed to the policy, by the cycle until ", shown(demand, "at"),
                 ": ", shown(demand, "jobs_asked"), " jobs asked for, ", shown(demand, "jobs_failed"), " failed, ",
                 shown(demand, "jobs_waiting"), " waiting, over ", shown(demand, "supply"), " orchestrators x ",
                 shown(demand, "target"), ": ", shown(demand, "wanted"), " wanted, ", shown(demand, "before"),
                 " before"));
    }
    if (text_of(one, "action") == "pay") {
        line(out, "pay",
             cat(shown(generation, "base_usd"), " USD x ", shown(one, "multiplier"), " = ", shown(one, "amount_usd"),
                 " USD"));
    } else {
        line(out, "pay", "nothing");
    }
    line(out, "a minute",
         cat(shown(one, "usd_per_minute"), " USD, over the ", shown(one, "seconds_until_next"),
             " s until the next check at ", shown(one, "next_at")));
    const auto& conversion = part(one, "conversion");
    if (!is_null(one, "rate")) {
        const auto& rate = part(one, "rate");
        line(out, "rate",
             cat(shown(rate, "usd_per_unit"), " USD for one ", shown(conversion, "asset"), ", by ",
                 shown(rate, "source"), ", ", shown(rate, "age_seconds"), " s old"));
        line(out, "amount",
             cat(shown(one, "amount_usd"), " x 10^", shown(conversion, "decimals"), " / ", shown(rate, "usd_per_unit"),
                 " = ", shown(conversion, "amount_wei"), ", rounded down by ", shown(conversion, "cut_off")));
    }
    line(out, "owed", shown(conversion, "amount"));
}

void print_settings(std::FILE* out, const Json& one) {
    const auto& generation = part(one, "generation");
    line(out, "generation",
         cat(shown(generation, "generation"), ", since ", shown(generation, "since"), ": ", shown(generation, "policy"),
             " ", shown(generation, "version"), ", revision ", shown(generation, "revision")));
    line(out, "terms",
         cat(shown(generation, "base_usd"), " USD for an interval of ", shown(generation, "interval_seconds"),
             " s, by the ", shown(generation, "terms_from")));
    line(out, "settings", printable_line(part(generation, "settings").dump()));
    line(out, "hashes",
         cat("sha256 of the code ", shown(generation, "so_sha256"), ", keccak256 of the configuration ",
             shown(generation, "config_keccak256"), ", of the terms ", shown(generation, "terms_keccak256")));
}

void print_after(std::FILE* out, const Json& one) {
    for (const auto& row : part(one, "corrections").items()) {
        const bool pardon = text_of(row, "kind") == "pardon";
        line(out, "corrected",
             cat(shown(row, "at"), pardon ? " pardon" : " adjustment", " of ", shown(row, "from"), " to ",
                 shown(row, "to"),
                 pardon ? cat(", due ", shown(row, "due_after"), " instead of ", shown(row, "due_before"))
                        : cat(": ", shown(row, "amount_usd"), " USD, ", shown(row, "amount_wei")),
                 ": ", shown(row, "reason")));
    }
    if (is_null(one, "payout")) return;
    const auto& payout = part(one, "payout");
    line(out, "payout",
         cat(shown(payout, "payout"), " is ", shown(payout, "state"), " since ", shown(payout, "since"), ", to ",
             shown(payout, "to"), is_null(payout, "transaction") ? "" : ", by " + shown(payout, "transaction")));
}

void print_recomputed(std::FILE* out, const Json& one) {
    const auto& again = part(one, "recomputed");
    if (text_of(again, "row_is_of_the_chain") != "true") {
        line(out, "DIFFERS", "the row is not the one that the chain has the hash of: run `stipend ledger verify`");
    }
    if (is_null(again, "same")) return line(out, "recomputed", "not: " + shown(again, "error"));
    for (const auto& row : part(again, "differences").items()) {
        line(
            out, "DIFFERS",
            cat(shown(row, "field"), ": recorded ", shown(row, "recorded"), ", recomputed ", shown(row, "recomputed")));
    }
    const bool very_code = text_of(again, "by_sha256") == text_of(part(one, "generation"), "so_sha256");
    line(out, "recomputed",
         cat(text_of(again, "same") == "true" ? "the same as recorded" : "NOT the same as recorded",
             very_code ? ", by the code that decided" : ", by another version of the code: sha256 ",
             very_code ? "" : shown(again, "by_sha256"), "; state before: ", shown(again, "state_before")));
}

}  // namespace

int print_explained(std::FILE* out, const Json& one, bool json) {
    const auto& again = part(one, "recomputed");
    if (json) {
        fmt::print(out, "{}\n", one.dump());
    } else {
        const auto& period = part(one, "period");
        fmt::print(out, "decision {}: {}, epoch {}\n", shown(one, "decision"), shown(one, "orchestrator"),
                   shown(one, "epoch"));
        line(out, "period",
             cat(shown(period, "from"), " to ", shown(period, "to"), ", ", shown(period, "seconds"), " s; due at ",
                 shown(period, "due_at")));
        print_check(out, one);
        print_tier(out, one);
        print_money(out, one);
        print_settings(out, one);
        print_after(out, one);
        print_recomputed(out, one);
    }
    const bool chained = text_of(again, "row_is_of_the_chain") == "true";
    if (!chained || text_of(again, "same") == "false") return exit_differs;
    return is_null(again, "same") ? exit_bad : exit_good;
}

namespace {

Result<ledger::DecisionQuery> decision_query(const ExplainOptions& options) {
    const bool one_way = options.orchestrator.empty() ? options.decision > 0 && options.at.empty()
                                                      : (options.decision > 0) != !options.at.empty();
    if (!one_way) {
        return fail(STIPEND_E_INVALID,
                    "want a decision's number; or --orchestrator ID, and the number of its epoch or --at TIME");
    }
    ledger::DecisionQuery query{.orchestrator = options.orchestrator};
    if (options.orchestrator.empty()) {
        query.seq = options.decision;
    } else {
        query.epoch = static_cast<std::uint64_t>(options.decision);
    }
    if (options.at.empty()) return query;
    STIPEND_SET(query.at, parse_utc(options.at));
    return query;
}

int explain_over_api(const ExplainOptions& options, const ledger::DecisionQuery& query) {
    if (query.epoch == 0) {
        print_error(fail(STIPEND_E_INVALID, "over the API, want --orchestrator ID and the number of the epoch"));
        return exit_usage;
    }
    const auto client = ApiClient::create(options.api);
    if (!client) return print_error(client.error()), exit_usage;
    const auto answer = client->ask("GET", cat("/api/v1/livepeer/orchestrators/", url_part(query.orchestrator),
                                               "/payments/", query.epoch, "/explanation"));
    return answer ? print_explained(stdout, *answer, options.common.json) : print_error(answer.error());
}

}  // namespace

int explain(const ExplainOptions& options) {
    const auto query = decision_query(options);
    if (!query) return print_error(query.error()), exit_usage;
    if (!options.api.url.empty()) return explain_over_api(options, *query);
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto book = open_ledger(*settings, ledger::Access::read_only);
    if (!book) return print_error(book.error());
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    const AnswerStream answer;
    plugin::Loader loader(trial->loader_options(*settings));
    const engine::PolicyCode code(loader, settings->payment.policy.plugin, loader_options(*settings).staging, true);
    const auto present = [&](const std::string& key) { return engine::present_terms(*settings, key); };
    const auto explained = engine::explain(
        **book, *query,
        [&](const auto& row, const auto& config, const auto& terms) { return code.make(row, config, terms); }, present);
    if (!explained) return print_error(explained.error());
    if (!*explained) {
        return print_error(fail(STIPEND_E_INVALID, "no such decision is here: archives have to lie beside the ledger"));
    }
    return print_explained(answer.file(), (*explained)->json, options.common.json);
}

}  // namespace stipend::cli
