// Jobs through the byoc plugin as the engine sends them, and the same requests through a bare libcurl loop.
//
//   dispatch_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM GATEWAY_URL CONCURRENCY ADDRESSES
//
// Measures dispatcher, bare-poll and bare-epoll in wall time, and dispatcher-cpu in CPU time of this process; their
// CHECK is the number of jobs that ended well. cycle: decisions that pay, by the engine itself, with every orchestrator
// due twenty times a second; cycle-for runs it for so many seconds, so that silent orchestrators fail for the first
// time.
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <semaphore>
#include <string>
#include <vector>

#include "host/plugin/loader.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"
#include "tests/bench/bare_loop.hpp"
#include "tests/bench/dispatch_loop.hpp"
#include "tests/bench/engine_loop.hpp"
#include "tests/bench/instrument.hpp"

using namespace stipend;
using namespace stipend::bench;

namespace {

const std::string capability = "agent-net";

std::int64_t process_cpu_ns() {
    timespec now{};
    const int refused = ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    STIPEND_ASSERT(refused == 0);
    return std::int64_t{now.tv_sec} * ns_per_s + now.tv_nsec;
}

// The bytes that the plugin sends, except for the numbers and the time in them.
std::vector<BareRequest> requests_for(const std::vector<registry::Payee>& payees) {
    std::vector<BareRequest> out;
    for (const auto& payee : payees) {
        out.push_back({{"Content-Type: application/json",
                        cat("Livepeer: ", livepeer::livepeer_header(payee.address, capability, job_timeout_s))},
                       prepared_body(payee)});
    }
    return out;
}

// Prices are requested from each orchestrator directly: that exchange has no counterpart in the bare loop.
std::string config_of(const std::string& gateway, std::uint32_t timeout_s) {
    return cat(R"({"gateway":")", gateway,
               R"(","price_check":"off","price_unseen":"allow","retry_after":"0s","timeout":")", timeout_s, R"(s"})");
}

// The engine over the plugin, made when it is first asked for. A silent orchestrator's job takes some seconds.
class Cycle {
  public:
    Cycle(plugin::Loader& loader, const plugin::Chosen& chosen, std::string gateway,
          std::vector<registry::Payee> payees)
        : loader_(loader), chosen_(chosen), gateway_(std::move(gateway)), payees_(std::move(payees)) {}

    EngineLoop& loop() {
        if (loop_) return *loop_;
        constexpr std::int64_t interval_ns = ns_per_s / 20;
        const auto payment = must(loader_.load({.plugin = "payment", .id = {}, .sha256 = {}}));
        // No waits beyond the interval: those that fail are due as often as the others.
        const std::string config = R"({"punishment_multiplier":1,"max_penalty":"0s","table":"even","tables":{"even":[
            {"tier":"paid","at_least":1,"multiplier":1},
            {"tier":"none","at_least":0,"below":1,"multiplier":0,"counts_as_failure":true}]}})";
        auto policy = must(plugin::PolicyInstance::create(*payment.library->entry, *payment.plugin, "payment.so",
                                                          "bench", config, make_terms(interval_ns, e8)));
        byoc_.emplace(chosen_, config_of(gateway_, 1));
        loop_.emplace(byoc_->instance(), std::move(policy), payees_, interval_ns);
        return *loop_;
    }

  private:
    plugin::Loader& loader_;
    const plugin::Chosen& chosen_;
    const std::string gateway_;
    const std::vector<registry::Payee> payees_;
    std::optional<EngineLoop> loop_;
    std::optional<LoadedDispatch> byoc_;  // ends first: its last answers are dropped by the loop's queue
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        die("usage: dispatch_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM GATEWAY_URL CONCURRENCY ADDRESSES");
    }
    const std::string gateway = argv[4];
    const auto concurrency = static_cast<std::size_t>(std::stoul(argv[5]));
    const auto payees = payees_of(argv[6]);
    plugin::Loader loader({.folder = argv[1], .staging = argv[2], .probe = {.program = argv[3]}});
    const auto chosen = must(loader.load({.plugin = "byoc", .id = "org.stipend.byoc", .sha256 = {}}));

    const auto url = cat(gateway, "/process/request/", capability);
    const auto requests = requests_for(payees);
    BareLoop poll(url, requests, concurrency, Waiting::poll);
    BareLoop epoll(url, requests, concurrency, Waiting::epoll);
    DispatchLoop dispatcher(chosen, config_of(gateway, job_timeout_s), payees, concurrency);
    Cycle cycle(loader, chosen, gateway, payees);
    const auto dispatch = [&](std::uint64_t count) { return dispatcher.run(count); };
    return serve({{"dispatcher", timed(wall_ns, dispatch)},
                  {"dispatcher-cpu", timed(process_cpu_ns, dispatch)},
                  {"cycle", timed(wall_ns, [&](std::uint64_t count) { return cycle.loop().run_until_paid(count); })},
                  {"cycle-for", timed(wall_ns,
                                      [&](std::uint64_t seconds) {
                                          cycle.loop().run_for(static_cast<std::int64_t>(seconds) * ns_per_s);
                                          return std::uint64_t{0};
                                      })},
                  {"bare-poll", timed(wall_ns, [&](std::uint64_t count) { return poll.run(count); })},
                  {"bare-epoll", timed(wall_ns, [&](std::uint64_t count) { return epoll.run(count); })}});
}
