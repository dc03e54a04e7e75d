// Asynchronous calls of plugins in the host, and of the same plugins in processes of their own.
//
//   plugin_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM PLUGIN_PROGRAM DISPATCHER
//
// Measures, in time of the wall: WAY-KIND-WINDOW, where WAY is `host` or `process`, KIND is `price` (a rate of the
// price plugin) or `dispatch` (a job that DISPATCHER answers at once), and WINDOW is how many are under way.
#include <atomic>
#include <semaphore>
#include <string>

#include "host/engine/plugin_calls.hpp"
#include "host/plugin/loader.hpp"
#include "stipend/abi/price.h"
#include "tests/bench/dispatch_loop.hpp"

using namespace stipend;
using namespace stipend::bench;

namespace {

constexpr std::uint64_t process_memory = std::uint64_t{512} << 20U;

// Asks an instance of a price plugin for rates, `window` of them under way.
class PriceLoop {
  public:
    PriceLoop(const plugin::Chosen& chosen, std::size_t window)
        : window_(window), price_(chosen, R"({"usd_per_eth":2000})") {}

    std::uint64_t run(std::uint64_t count) {
        to_start_ = to_end_ = static_cast<std::int64_t>(count);
        good_ = 0;
        for (std::size_t at = 0; at < window_; ++at) start();
        over_.acquire();
        return good_;
    }

  private:
    void start() {
        if (to_start_.fetch_sub(1) <= 0) return;
        const auto* table = static_cast<const stipend_price_v1*>(price_.instance()->table(STIPEND_PRICE));
        price_.instance()->begin(
            [table](stipend_instance* i, stipend_completion c, stipend_error* e) {
                return table->fetch(i, to_abi("ETH"), to_abi("USD"), INT64_MAX, c, e);
            },
            [this](const Result<const void*>& quote) {
                if (quote) good_.fetch_add(1);
                start();
                if (to_end_.fetch_sub(1) == 1) over_.release();
            },
            {.what = "rate"});
    }

    const std::size_t window_;
    LoadedDispatch price_;
    std::atomic<std::int64_t> to_start_ = 0, to_end_ = 0;
    std::atomic<std::uint64_t> good_ = 0;
    std::binary_semaphore over_{0};
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) die("usage: plugin_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM PLUGIN_PROGRAM DISPATCHER");
    plugin::Loader loader(
        {.folder = argv[1], .staging = argv[2], .probe = {.program = argv[3]}, .process_program = argv[4]});
    const auto load = [&](const std::string& plugin, const std::string& way) {
        plugin::Reference wanted{.plugin = plugin, .id = {}, .sha256 = {}};
        if (way == "process") wanted.process_memory = process_memory;
        return must(loader.load(wanted));
    };
    std::map<std::string, Measure> measures;
    for (const std::string way : {"host", "process"}) {
        const auto price = load("price", way), dispatch = load(argv[5], way);
        for (const std::size_t window : {1, 64}) {
            const auto name = [&](const char* kind) { return cat(way, "-", kind, "-", window); };
            const auto rates = std::make_shared<PriceLoop>(price, window);
            measures[name("price")] = timed(wall_ns, [rates](std::uint64_t count) { return rates->run(count); });
            const auto jobs =
                std::make_shared<DispatchLoop>(dispatch, "{}", payees_of("https://10.0.0.1:9995"), window);
            measures[name("dispatch")] = timed(wall_ns, [jobs](std::uint64_t count) { return jobs->run(count); });
        }
    }
    return serve(measures);
}
