// The commands that ask or steer a running host: status, reload, adjust.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/config/environment.hpp"

namespace stipend::cli {
namespace {

// The settings say where the host is; a file that is broken by now must not keep one from reaching it.
config::Settings settings_of(const Common& common) {
    config::Problems ignored;
    return config::load(common.config_file, config::ProcessEnvironment(), ignored).settings;
}

std::string text_of(const Json& object, std::string_view key) {
    const auto* value = object.find(key);
    return value == nullptr || value->is(Json::Kind::null) ? std::string("-") : value->text();
}

void print_status(const Json& status) {
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

}  // namespace

int status(const Common& common) {
    const auto answer = ask_host(settings_of(common), "GET", "/status", {});
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
    const auto answer = ask_host(settings_of(options.common), "POST", "/reload", body);
    if (!answer) return print_error(answer.error());
    const bool taken = answer->find("taken") != nullptr && answer->find("taken")->truth();
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        fmt::print(taken ? stdout : stderr, "{}\n{}", text_of(*answer, "text"),
                   taken ? "" : "nothing was taken over: the host goes on as before\n");
    }
    return taken ? exit_good : exit_bad;
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
    const auto answer = ask_host(settings_of(options.common), "POST", "/adjust", body);
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
