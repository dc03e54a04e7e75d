// Watches targets by a plugin as the host would (its loader, worker pool, HTTP client and clock) and prints each
// observation as a line of JSON, until its standard input ends.
//
//     watch-targets PLUGINS PROBE STAGING PLUGIN ID CONFIG_JSON TARGET=ENDPOINT...
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <future>
#include <iostream>

#include "host/base/thread_pool.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/instance.hpp"
#include "stipend/json.hpp"
#include "stipend/testing/records.hpp"

using namespace stipend;
using namespace stipend::plugin;
using stipend::testing::FakeTarget;

namespace {

class StderrLog final : public LogSink {
  public:
    [[nodiscard]] bool enabled(std::int32_t) const override { return true; }
    void write(std::int32_t, std::string_view, std::string_view message) override {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    }
};

const Clock* clock_of_all = nullptr;

void print(const stipend_host*, stipend_op, const stipend_observation* o) {
    static constexpr std::array<const char*, 6> words{"", "up", "down", "degraded", "unknown", "found"};
    const auto line = Json::object()
                          .set("verdict", words[static_cast<std::size_t>(o->verdict)])
                          .set("target", view(o->target_id))
                          .set("from", o->started_at)
                          .set("to", o->ended_at)
                          .set("said", clock_of_all->now())
                          .set("evidence", view(o->evidence))
                          .dump() +
                      "\n";
    // One write for each line, so that a reader sees it at once.
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(3);
}

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(2);
}

int watch(const std::vector<std::string>& args) {
    const SystemClock clock;
    clock_of_all = &clock;
    StderrLog log;
    auto pool = ThreadPool::create(2, "pool");
    if (!pool) give_up(pool.error().message);
    auto client = http::CurlClient::create();
    if (!client) give_up(client.error().message);
    Loader loader({args[0], args[2], {.program = args[1], .timeout_ms = 30'000}});
    const auto chosen = loader.load({.plugin = args[3], .id = args[4], .sha256 = {}});
    if (!chosen) give_up(chosen.error().message);
    const auto terms = stipend::make_terms(60 * ns_per_s, 10'00000000);
    std::shared_ptr<Instance> instance;
    {
        const ControlScope control;
        auto made = Instance::create(*chosen, "watch", args[5], terms,
                                     {.clock = &clock, .executor = pool->get(), .http = client->get(), .log = &log});
        if (!made) give_up(made.error().message);
        instance = std::move(*made);
        if (const auto started = instance->start(); !started) give_up(started.error().message);
    }
    std::vector<FakeTarget> targets;
    for (std::size_t i = 6; i < args.size(); ++i) {
        const auto equals = args[i].find('=');
        targets.push_back({args[i].substr(0, equals), args[i].substr(equals + 1), ""});
    }
    const auto* table = static_cast<const stipend_monitor_v1*>(instance->table(STIPEND_MONITOR));
    if (table == nullptr) give_up("no monitor");
    std::promise<void> over;
    instance->begin(
        [&](stipend_instance* i, stipend_completion c, stipend_error* e) {
            std::vector<stipend_target> raw;
            raw.reserve(targets.size());
            for (const auto& target : targets) raw.push_back(target.raw());
            return table->watch(i, raw.data(), raw.size(), sizeof(stipend_target), &print, c, e);
        },
        [&](Result<const void*> result) {
            if (!result) give_up(result.error().message);
            over.set_value();
        });
    while (std::cin.get() != std::char_traits<char>::eof()) {
    }
    std::promise<void> idle;
    {
        const ControlScope control;
        instance->quiesce([&] { idle.set_value(); });
    }
    over.get_future().wait();
    idle.get_future().wait();
    {
        const ControlScope control;
        instance->destroy();
    }
    (*client)->stop();
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    std::fprintf(
        stderr, "cpu_us=%ld\n",
        (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() < 7) give_up("want PLUGINS PROBE STAGING PLUGIN ID CONFIG_JSON TARGET=ENDPOINT...");
    return watch(args);
}
