// The payment policy through its shared object, and the same sources linked in.
//
//   policy_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM
//
// Measures: so-BATCH (as the host decides: through the ABI, each decision checked), abi-BATCH (the plugin's table
// alone) and linked-BATCH (the class called directly), in CPU time of the thread; `probe` and `spawn` in time of the
// wall.
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>
#include <memory>
#include <vector>

#include "host/plugin/loader.hpp"
#include "host/plugin/policy_instance.hpp"
#include "plugins/payment/policy.hpp"
#include "stipend/host.hpp"
#include "tests/bench/instrument.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

using namespace stipend;
using namespace stipend::bench;

namespace {

constexpr std::size_t sample_count = 4096;
constexpr auto terms = stipend::make_terms(60 * ns_per_s, 10 * e8);
const std::string config = R"({"table":"default"})";

// All tiers, and one check in sixteen failed. tier_table.py makes the same ones.
std::vector<stipend_sample> make_samples() {
    std::vector<stipend_sample> out(sample_count);
    std::uint64_t state = 1;
    for (std::size_t i = 0; i < out.size(); ++i) {
        state = (state * 1'103'515'245 + 12'345) % 2'147'483'648;
        auto& sample = out[i];
        sample.size = sizeof sample;
        sample.job = i % 16 == 15 ? STIPEND_JOB_FAILED : STIPEND_JOB_OK;
        sample.epoch = 1 + i;
        sample.interval_ns = terms.interval_ns;
        if (sample.job == STIPEND_JOB_OK) {
            sample.flags |= std::uint32_t{STIPEND_SAMPLE_REPORTED};
            sample.reported_ppm = static_cast<std::uint32_t>(state % 1'000'001);
        }
        sample.consecutive_failures = static_cast<std::uint32_t>(i % 7);
        sample.base_usd_e8 = terms.base_usd_e8;
    }
    return out;
}

// What was decided, by its amount, its penalties and delays, and how long its reasons are.
std::uint64_t digest(const std::vector<stipend_decision>& decisions) {
    std::uint64_t sum = 0;
    for (const auto& decision : decisions) {
        sum += static_cast<std::uint64_t>(decision.amount_usd_e8) +
               static_cast<std::uint64_t>((decision.penalty_ns + decision.delay_ns) / ns_per_s) +
               std::strlen(decision.reason);
    }
    return sum;
}

// Decides all samples over and over, batch by batch; `decide` gets the first of a batch.
template <class Decide>
Result<Measured> run(std::size_t batch, std::uint64_t count, const std::vector<stipend_decision>& out,
                     Decide&& decide) {
    Measured measured;
    const auto from = thread_cpu_ns();
    while (measured.done < count) {
        for (std::size_t first = 0; first < sample_count; first += batch) STIPEND_TRY(decide(first));
        measured.done += sample_count;
    }
    measured.ns = thread_cpu_ns() - from;
    measured.check = digest(out);
    return measured;
}

class Ways {
  public:
    Ways(const plugin::Chosen& chosen, const plugin::PolicyInstance& policy)
        : policy_(policy), linked_(must(payment::Policy::parse(must(parse_json(config)), terms))) {
        // A second instance, whose table is called without the host's own care.
        const auto& lifecycle = *chosen.library->entry->lifecycle;
        if (lifecycle.create(&host_, to_abi(chosen.plugin->id), to_abi("bare"), to_abi(config), &terms, &raw_,
                             nullptr) != STIPEND_OK ||
            lifecycle.start(raw_, nullptr) != STIPEND_OK) {
            die("the policy makes no second instance");
        }
        table_ = static_cast<const stipend_policy_v1*>(lifecycle.get_interface(raw_, STIPEND_POLICY));
    }

    Result<Measured> so(std::size_t batch, std::uint64_t count) {
        return run(batch, count, out_, [&](std::size_t first) {
            return policy_.decide({&in_[first], batch}, {&out_[first], batch});
        });
    }
    Result<Measured> abi(std::size_t batch, std::uint64_t count) {
        return run(batch, count, out_, [&](std::size_t first) -> Result<void> {
            clear(first, batch);
            const auto status = table_->decide(raw_, &in_[first], sizeof(stipend_sample), &out_[first],
                                               sizeof(stipend_decision), batch, nullptr);
            if (status != STIPEND_OK) return fail(status, "decide failed");
            return {};
        });
    }
    Result<Measured> linked(std::size_t batch, std::uint64_t count) {
        return run(batch, count, out_, [&](std::size_t first) -> Result<void> {
            clear(first, batch);
            for (std::size_t i = first; i < first + batch; ++i) STIPEND_TRY(linked_.decide(in_[i], out_[i]));
            return {};
        });
    }

  private:
    void clear(std::size_t first, std::size_t batch) {
        std::memset(&out_[first], 0, batch * sizeof(stipend_decision));
        for (std::size_t i = first; i < first + batch; ++i) out_[i].size = sizeof(stipend_decision);
    }

    const std::vector<stipend_sample> in_ = make_samples();
    std::vector<stipend_decision> out_{sample_count};
    const plugin::PolicyInstance& policy_;
    payment::Policy linked_;
    const stipend_host host_{sizeof(stipend_host),
                             STIPEND_ABI_MINOR,
                             nullptr,
                             "stipend",
                             "",
                             [](const stipend_host*, const char*) -> const void* { return nullptr; }};
    stipend_instance* raw_ = nullptr;
    const stipend_policy_v1* table_ = nullptr;
};

// Starts a program that does nothing, and waits for its end: what any child process costs.
Result<Measured> spawn(std::uint64_t count) {
    Measured measured;
    const auto from = wall_ns();
    for (; measured.done < count; ++measured.done) {
        std::string program = "/bin/true";
        char* arguments[] = {program.data(), nullptr};
        pid_t child = 0;
        int status = 0;
        if (::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) != 0 ||
            ::waitpid(child, &status, 0) != child) {
            return fail(STIPEND_E_UNAVAILABLE, "cannot start ", program);
        }
    }
    measured.ns = wall_ns() - from;
    return measured;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) die("usage: policy_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM");
    const plugin::ProbeOptions probe{.program = argv[3]};
    plugin::Loader loader({.folder = argv[1], .staging = argv[2], .probe = probe});
    const auto chosen = must(loader.load({.plugin = "payment", .id = {}, .sha256 = {}}));
    const auto& library = *chosen.library;
    const auto policy = must(
        plugin::PolicyInstance::create(*library.entry, *chosen.plugin, library.staged.source, "policy", config, terms));
    Ways ways(chosen, *policy);
    std::map<std::string, Measure> measures{{"spawn", spawn}};
    for (const std::size_t batch : {1, 64, 4096}) {
        measures["so-" + std::to_string(batch)] = [&ways, batch](std::uint64_t n) { return ways.so(batch, n); };
        measures["abi-" + std::to_string(batch)] = [&ways, batch](std::uint64_t n) { return ways.abi(batch, n); };
        measures["linked-" + std::to_string(batch)] = [&ways, batch](std::uint64_t n) { return ways.linked(batch, n); };
    }
    measures["probe"] = [&](std::uint64_t count) -> Result<Measured> {
        Measured measured;
        const auto from = wall_ns();
        for (; measured.done < count; ++measured.done) {
            STIPEND_TRY(plugin::probe(library.staged.copy, library.staged.source, std::nullopt, probe));
        }
        measured.ns = wall_ns() - from;
        return measured;
    };
    return serve(measures);
}
