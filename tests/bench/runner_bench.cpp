// Calls through the runner plugin as the engine sends them, and the same requests through a bare libcurl loop.
//
//   runner_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM ORCHESTRATOR_URL CONCURRENCY
//
// Measures dispatcher, bare-poll and bare-epoll in wall time; their CHECK is the number of calls that ended well. The
// orchestrator has a free single-shot runner that is called "scripted".
#include <string>

#include "host/plugin/loader.hpp"
#include "tests/bench/bare_loop.hpp"
#include "tests/bench/dispatch_loop.hpp"

using namespace stipend;
using namespace stipend::bench;

int main(int argc, char** argv) {
    if (argc != 6) {
        die("usage: runner_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM ORCHESTRATOR_URL CONCURRENCY");
    }
    const std::string orchestrator = argv[4];
    const auto concurrency = static_cast<std::size_t>(std::stoul(argv[5]));
    const auto payees = payees_of(orchestrator);
    plugin::Loader loader({.folder = argv[1], .staging = argv[2], .probe = {.program = argv[3]}});
    const auto chosen = must(loader.load({.plugin = "runner", .id = "org.stipend.runner", .sha256 = {}}));

    const auto url = cat(orchestrator, "/apps/scripted/app/agent-net");
    const std::vector<BareRequest> requests{{{"Content-Type: application/json"}, prepared_body(payees.front())}};
    BareLoop poll(url, requests, concurrency, Waiting::poll);
    BareLoop epoll(url, requests, concurrency, Waiting::epoll);
    const auto config = cat(R"({"retry_after":"0s","timeout":")", job_timeout_s, R"(s"})");
    DispatchLoop dispatcher(chosen, config, payees, concurrency);
    return serve({{"dispatcher", timed(wall_ns, [&](std::uint64_t count) { return dispatcher.run(count); })},
                  {"bare-poll", timed(wall_ns, [&](std::uint64_t count) { return poll.run(count); })},
                  {"bare-epoll", timed(wall_ns, [&](std::uint64_t count) { return epoll.run(count); })}});
}
