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

#include "host/base/thread_pool.hpp"
#include "host/engine/plugin_calls.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/instance.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"
#include "tests/bench/bare_loop.hpp"
#include "tests/bench/engine_loop.hpp"
#include "tests/bench/instrument.hpp"

using namespace stipend;
using namespace stipend::bench;

namespace {

constexpr std::uint32_t timeout_s = 20;
constexpr std::uint32_t window_s = 60;
constexpr std::int64_t deadline_ns = 60 * ns_per_s;
constexpr auto terms = stipend::make_terms(60 * ns_per_s, 10 * e8);
const std::string capability = "agent-net";
const std::string ns = "dry-run:42161";

std::int64_t process_cpu_ns() {
    timespec now{};
    STIPEND_ASSERT(::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return std::int64_t{now.tv_sec} * ns_per_s + now.tv_nsec;
}

std::vector<registry::Payee> payees_of(const std::string& addresses) {
    std::vector<registry::Payee> out;
    for (std::size_t from = 0; from < addresses.size();) {
        const auto end = std::min(addresses.find(',', from), addresses.size());
        auto& payee = out.emplace_back();
        payee.address = addresses.substr(from, end - from);
        payee.key = payee.address.substr(payee.address.find("://") + 3);
        from = end + 1;
    }
    if (out.empty()) die("no addresses");
    return out;
}

// The bytes that the plugin sends, except for the numbers and the time in them.
std::vector<BareRequest> requests_for(const std::vector<registry::Payee>& payees) {
    std::vector<BareRequest> out;
    const std::string nonce(16, 'n');
    for (const auto& payee : payees) {
        const auto job_id = cat(ns, ":", payee.key, ":1:1");
        out.push_back({{"Content-Type: application/json",
                        cat("Livepeer: ", livepeer::livepeer_header(payee.address, capability, timeout_s))},
                       livepeer::job_body({.agent_id = payee.key,
                                           .job_id = job_id,
                                           .nonce = nonce,
                                           .window_s = window_s,
                                           .at = 1'800'000'000 * ns_per_s})});
    }
    return out;
}

// The byoc plugin with what it needs of a host.
class Byoc {
  public:
    Byoc(const plugin::Chosen& chosen, const std::string& gateway, std::uint32_t job_timeout_s)
        : pool_(must(ThreadPool::create(2, "pool"))), client_(must(http::CurlClient::create())) {
        // Prices are requested from each orchestrator directly: that exchange has no counterpart in the bare loop.
        const auto config = cat(R"({"gateway":")", gateway,
                                R"(","price_check":"off","price_unseen":"allow","retry_after":"0s","timeout":")",
                                job_timeout_s, R"(s"})");
        const plugin::ControlScope control;
        instance_ = must(plugin::Instance::create(chosen, "dispatch", config, terms,
                                                  {.clock = &clock_, .executor = pool_.get(), .http = client_.get()}));
        must(instance_->start());
    }
    ~Byoc() {
        std::binary_semaphore idle{0};
        const plugin::ControlScope control;
        instance_->quiesce([&] { idle.release(); });
        idle.acquire();
        instance_->destroy();
        client_->stop();
    }
    Byoc(const Byoc&) = delete;
    Byoc& operator=(const Byoc&) = delete;
    [[nodiscard]] const std::shared_ptr<plugin::Instance>& instance() const { return instance_; }

  private:
    SystemClock clock_;
    std::unique_ptr<ThreadPool> pool_;
    std::unique_ptr<http::CurlClient> client_;
    std::shared_ptr<plugin::Instance> instance_;
};

// Keeps `concurrency` jobs under way until `count` are over.
class Dispatcher {
  public:
    Dispatcher(const plugin::Chosen& chosen, const std::string& gateway, std::vector<registry::Payee> payees,
               std::size_t concurrency)
        : payees_(std::move(payees)), concurrency_(concurrency), byoc_(chosen, gateway, timeout_s) {}

    std::uint64_t run(std::uint64_t count) {
        to_start_ = static_cast<std::int64_t>(count);
        to_end_ = static_cast<std::int64_t>(count);
        good_ = 0;
        for (std::size_t i = 0; i < concurrency_; ++i) start();
        over_.acquire();
        return good_;
    }

  private:
    void start() {
        if (to_start_.fetch_sub(1) <= 0) return;
        const auto number = next_.fetch_add(1);
        const engine::JobSpec job{.token = {static_cast<registry::PayeeIndex>(number % payees_.size()), 1},
                                  .epoch = 1,
                                  .window_s = window_s,
                                  .known = true};
        engine::submit_job(*byoc_.instance(), job, payees_[job.token.payee], ns, deadline_ns,
                           [this](const engine::JobResult& result) {
                               if (result.outcome == STIPEND_JOB_OK) good_.fetch_add(1);
                               start();
                               if (to_end_.fetch_sub(1) == 1) over_.release();
                           });
    }

    const std::vector<registry::Payee> payees_;
    const std::size_t concurrency_;
    Byoc byoc_;
    std::atomic<std::int64_t> to_start_ = 0, to_end_ = 0;
    std::atomic<std::uint64_t> next_ = 0, good_ = 0;
    std::binary_semaphore over_{0};
};

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
        byoc_.emplace(chosen_, gateway_, 1);
        loop_.emplace(byoc_->instance(), std::move(policy), payees_, interval_ns);
        return *loop_;
    }

  private:
    plugin::Loader& loader_;
    const plugin::Chosen& chosen_;
    const std::string gateway_;
    const std::vector<registry::Payee> payees_;
    std::optional<EngineLoop> loop_;
    std::optional<Byoc> byoc_;  // ends first: its last answers are dropped by the loop's queue
};

template <class Run>
Measure timed(std::int64_t (*clock)(), Run run) {
    return [clock, run](std::uint64_t count) -> Result<Measured> {
        const auto from = clock();
        const auto good = run(count);
        return Measured{.done = count, .ns = clock() - from, .check = good};
    };
}

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
    Dispatcher dispatcher(chosen, gateway, payees, concurrency);
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
