// The commands that ask or steer a running host: status, reload, adjust.
#include <fmt/format.h>

#include <unistd.h>
#include <charconv>

#include <cstdlib>

#include "host/api/adjust.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"

namespace stipend::cli {
namespace {

std::string text_of(const Json& object, std::string_view key) {
    const auto* value = object.find(key);
    return value == nullptr || value->is(Json::Kind::null) ? std::string("-") : value->text();
}

// Parts per million as a percentage.
std::string percent_text(const Json& object, std::string_view key) {
    std::int64_t ppm = 0;
    const auto text = text_of(object, key);
    std::from_chars(text.data(), text.data() + text.size(), ppm);
    return scaled_text(ppm, 4);
}

void print_worker_status(const Json& status) {
    fmt::print("listens at {}\nworker: {}\n", text_of(status, "listens"), status.find("worker")->dump());
    fmt::print("uptime of all over {} s: {} %, seen {} %\n", text_of(status, "window_seconds"),
               percent_text(status, "overall_ppm"), percent_text(status, "coverage_ppm"));
    if (status.find("error") != nullptr) fmt::print("{}\n", text_of(status, "error"));
    fmt::print("\n{:<32} {:<8} {:>9} {:>9}  why\n", "service", "is", "uptime %", "seen %");
    for (const auto& one : status.find("services")->items()) {
        fmt::print("{:<32} {:<8} {:>9} {:>9}  {}\n", text_of(one, "name"), text_of(one, "verdict"),
                   percent_text(one, "up_ppm"), percent_text(one, "seen_ppm"), text_of(one, "why"));
    }
    for (const auto& one : status.find("found")->items())
        fmt::print("found {}: {}\n", text_of(one, "name"), text_of(one, "why"));
}

void print_status(const Json& status) {
    if (status.find("services") != nullptr) return print_worker_status(status);
    fmt::print("{}: {}\n", text_of(status, "settlement"), text_of(status, "paid"));
    fmt::print("generation {}, {} USD per ETH, largest possible spend {}\n", text_of(status, "generation"),
               text_of(status, "usd_per_eth"), text_of(status, "largest_spend"));
    fmt::print("{} decisions, {} held, {} jobs, {} in flight, {} stray answers since the start\n",
               text_of(status, "decisions"), text_of(status, "held"), text_of(status, "jobs"),
               text_of(status, "jobs_in_flight"), text_of(status, "stray_answers"));
    for (const auto& alert : status.find("alerts")->items()) {
        fmt::print("alert {} since {}: {}\n", text_of(alert, "id"), text_of(alert, "since"), text_of(alert, "text"));
    }
    fmt::print("\n{:<32} {:>8} {:<25} {:>8}\n", "orchestrator", "epoch", "next", "failures");
    for (const auto& one : status.find("orchestrators")->items()) {
        fmt::print("{:<32} {:>8} {:<25} {:>8}{}{}\n", text_of(one, "orchestrator"), text_of(one, "epoch"),
                   text_of(one, "next_at"), text_of(one, "consecutive_failures"),
                   one.find("suspended")->truth() ? " suspended" : "", one.find("held")->truth() ? " held" : "");
    }
    const auto& unpaid = status.find("unpaid")->items();
    if (unpaid.empty()) return;
    fmt::print("\nunpaid through our own fault (pay or excuse with `stipend adjust`):\n");
    for (const auto& gap : unpaid) {
        fmt::print("  {:<32} from {} to {}: {} USD: {}\n", text_of(gap, "orchestrator"), text_of(gap, "from"),
                   text_of(gap, "to"), text_of(gap, "at_stake_usd"), text_of(gap, "cause"));
    }
}

// Where no host runs, the entry is written here. The ledger's lock keeps out a host that starts meanwhile, and keeps us
// out where one runs that did not answer.
Result<Json> adjust_ledger(const config::Settings& settings, const Json& body) {
    const auto file = ledger::database_file(settings.state);
    std::error_code ec;
    if (!std::filesystem::exists(file, ec)) {
        return fail(STIPEND_E_CONFIG, "no host runs, and there is no ledger: ", file.native());
    }
    STIPEND_LET(request, api::parse_adjustment(body));
    STIPEND_LET(ledger, ledger::open(file, {.ns = namespace_of(settings)}));
    const auto now = SystemClock().now();
    STIPEND_LET(terms, api::terms_without_host(*ledger, settings, request.orchestrator, now));
    return api::record_adjustment(*ledger, request, terms, now);
}

}  // namespace

int status(const Common& common) {
    int found = exit_good;
    const auto settings = settings_for(Reads::place, common, found);
    if (!settings) return found;
    const auto answer = ask_host(*settings, "GET", "/status", {});
    if (!answer) return print_error(answer.error());
    if (common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        print_status(*answer);
    }
    return exit_good;
}

int reload(const ReloadOptions& options) {
    Json body = Json::object();
    body.set("accept_spend", Json::of_bool(options.accept_spend)).set("undo", Json::of_bool(options.undo));
    body.set("check", Json::of_bool(options.check));
    int found = exit_good;
    const auto settings = settings_for(Reads::place, options.common, found);
    if (!settings) return found;
    const auto answer = ask_host(*settings, "POST", "/reload", body);
    if (!answer) return print_error(answer.error());
    const auto* valid = answer->find("valid");
    const bool is_valid = valid != nullptr && valid->truth();
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        fmt::print(is_valid ? stdout : stderr, "{}\n{}", text_of(*answer, "text"),
                   is_valid ? "" : "nothing was taken over: the host goes on as before\n");
        const auto* warnings = answer->find("warnings");
        if (warnings != nullptr) {
            for (const auto& warning : warnings->items()) fmt::print(stderr, "{}\n", warning.text());
        }
    }
    return is_valid ? exit_good : exit_bad;
}

int adjust(const AdjustOptions& options) {
    Json body = Json::object();
    body.set("orchestrator", Json::of_string(options.orchestrator));
    body.set("from", Json::of_string(options.from));
    body.set("to", Json::of_string(options.to));
    body.set("reason", Json::of_string(options.reason));
    const char* user = std::getenv("SUDO_USER");
    if (user == nullptr) user = std::getenv("USER");
    body.set("by", Json::of_string(user == nullptr ? cat("uid ", ::getuid()) : std::string(user)));
    if (options.excuse) {
        body.set("usd", Json::of_string("0"));
    } else if (!options.usd.empty()) {
        body.set("usd", Json::of_string(options.usd));
    }
    int found = exit_good;
    auto settings = settings_for(Reads::place, options.common, found);
    if (!settings) return found;
    auto answer = ask_host(*settings, "POST", "/adjust", body);
    if (!answer && answer.error().status == STIPEND_E_UNAVAILABLE) {
        settings = settings_for(Reads::terms, options.common, found);
        if (!settings) return found;
        answer = adjust_ledger(*settings, body);
    }
    if (!answer) return print_error(answer.error());
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        fmt::print("recorded: {} USD, {} wei, for {} to {}\n", text_of(*answer, "amount_usd"),
                   text_of(*answer, "amount_wei"), text_of(*answer, "from"), text_of(*answer, "to"));
    }
    return exit_good;
}

}  // namespace stipend::cli
