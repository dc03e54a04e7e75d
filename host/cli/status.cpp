#include <fmt/format.h>

#include <charconv>

#include "host/base/signed_wei.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"

namespace stipend::cli {
namespace {

// Parts per million as a percentage.
std::string percent_text(const Json& object, std::string_view key) {
    std::int64_t ppm = 0;
    const auto text = text_of(object, key);
    std::from_chars(text.data(), text.data() + text.size(), ppm);
    return scaled_text(ppm, 4);
}

void print_membership(const Json& manager) {
    if (manager.find("url") == nullptr) return;
    fmt::print("manager {}: {} as {} since {}, waits for {}\n", text_of(manager, "url"), text_of(manager, "state"),
               text_of(manager, "orchestrator_id"), text_of(manager, "since"), text_of(manager, "waits_for"));
    const auto given = [&](std::string_view key) { return !manager.find(key)->is(Json::Kind::null); };
    if (given("last_proof")) fmt::print("  last proof {}\n", text_of(manager, "last_proof"));
    if (given("next_at")) fmt::print("  next at {}\n", text_of(manager, "next_at"));
    if (given("problem")) fmt::print("  problem: {}\n", text_of(manager, "problem"));
}

void print_worker_status(const Json& status) {
    fmt::print("listens at {}\nworker: {}\n", text_of(status, "listens"), status.find("worker")->dump());
    if (const auto* workers = status.find("workers")) {
        for (const auto& one : workers->items()) {
            fmt::print("{}: {}\n", text_of(one, "name"), one.find("report")->dump());
        }
    }
    print_membership(*status.find("manager"));
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

std::string eth_of(const Json& object, std::string_view key) {
    const auto wei = SignedWei::parse(text_of(object, key));
    return wei ? eth_text(*wei) : text_of(object, key);
}

void print_demand(const Json& demand) {
    fmt::print("demand: factor {} of {} .. {}, next at {}\n", text_of(demand, "factor"), text_of(demand, "floor"),
               text_of(demand, "ceiling"), text_of(demand, "next_at"));
    const auto& cycle = *demand.find("cycle");
    if (cycle.is(Json::Kind::null)) return;
    fmt::print(
        "  {} jobs asked for, {} failed, {} waiting; for {} orchestrators ({} up), {} each are 1: {} is wanted\n",
        text_of(cycle, "jobs_asked"), text_of(cycle, "jobs_failed"), text_of(cycle, "jobs_waiting"),
        text_of(cycle, "supply"), text_of(cycle, "orchestrators_up"), text_of(demand, "target"),
        text_of(cycle, "wanted"));
}

void print_status(const Json& status) {
    if (status.find("services") != nullptr) return print_worker_status(status);
    fmt::print("{}: {}\n", text_of(status, "settlement"), text_of(status, "paid"));
    fmt::print("generation {}, {} USD per ETH, largest possible spend {}\n", text_of(status, "generation"),
               text_of(status, "usd_per_eth"), text_of(status, "largest_spend"));
    if (const auto* demand = status.find("demand")) print_demand(*demand);
    const auto& fees = *status.find("fees");
    fmt::print("fees on {}: {} of {} at most, {} for one orchestrator\n", text_of(fees, "day"),
               eth_of(fees, "used_wei"), eth_of(fees, "limit_wei"), eth_of(fees, "orchestrator_limit_wei"));
    fmt::print("{} decisions, {} held, {} jobs, {} in flight, {} unexpected results since the start\n",
               text_of(status, "decisions"), text_of(status, "held"), text_of(status, "jobs"),
               text_of(status, "jobs_in_flight"), text_of(status, "unexpected_results"));
    if (const auto* restored = status.find("restored")) {
        fmt::print("the ledger is a restored one since {}, from a backup of {}, up to row {} of its chain\n",
                   text_of(*restored, "at"), text_of(*restored, "backup_at"), text_of(*restored, "last_seq"));
        const auto* accepted = restored->find("accepted");
        if (accepted != nullptr && accepted->is(Json::Kind::object)) {
            fmt::print("  accepted at {} by {}{}\n", text_of(*accepted, "at"), text_of(*accepted, "by"),
                       accepted->find("compared")->truth() ? ", compared with the chain" : "");
        } else {
            fmt::print("  nothing is paid by it until `stipend reconcile`, or `stipend reconcile --accept-restored`\n");
        }
    }
    for (const auto& alert : status.find("alerts")->items()) {
        fmt::print("alert {} since {}: {}\n", text_of(alert, "id"), text_of(alert, "since"), text_of(alert, "text"));
    }
    fmt::print("\n{:<32} {:>8} {:<25} {:>8}\n", "orchestrator", "epoch", "next", "failures");
    for (const auto& one : status.find("orchestrators")->items()) {
        const bool free = text_of(one, "fees_today_wei") == "0";
        fmt::print("{:<32} {:>8} {:<25} {:>8}{}{}{}\n", text_of(one, "orchestrator"), text_of(one, "epoch"),
                   text_of(one, "next_at"), text_of(one, "consecutive_failures"),
                   one.find("suspended")->truth() ? " suspended" : "", one.find("held")->truth() ? " held" : "",
                   free ? "" : ", fees today " + eth_of(one, "fees_today_wei"));
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

}  // namespace stipend::cli
