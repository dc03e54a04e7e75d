// Loads a plugin as the host does (staged, probed, mapped) and prints its decision for each given uptime:
//
//     out_of_tree_decide PROBE FILE.so CONFIG-JSON UPTIME-PPM...
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include <cstdio>
#include <filesystem>

#include "host/plugin/loader.hpp"
#include "host/plugin/policy_instance.hpp"
#include "stipend/decimal.hpp"
#include "stipend/record.hpp"

namespace {

using namespace stipend;

Result<stipend_decision> decide(const plugin::PolicyInstance& policy, std::uint32_t uptime_ppm) {
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.job = STIPEND_JOB_OK;
    sample.epoch = 1;
    sample.interval_ns = 60'000'000'000;
    sample.reported_ppm = uptime_ppm;
    sample.flags = STIPEND_SAMPLE_REPORTED;
    sample.base_usd_e8 = 10 * e8;
    stipend_decision decision{};
    STIPEND_TRY(policy.decide({&sample, 1}, {&decision, 1}));
    return decision;
}

Result<void> run(int argc, char** argv, const std::filesystem::path& staging) {
    plugin::Loader loader({staging, staging, {.program = argv[1], .timeout_ms = 30'000}});
    const auto terms = stipend::make_terms(60'000'000'000, 10 * e8);
    STIPEND_LET(chosen, loader.load({.plugin = argv[2], .id = {}, .sha256 = {}}));
    STIPEND_TRY(loader.try_config(chosen, argv[3], terms));
    STIPEND_LET(policy, plugin::PolicyInstance::create(*chosen.library->entry, *chosen.plugin, argv[2], "test", argv[3],
                                                       terms));
    for (int k = 4; k < argc; ++k) {
        STIPEND_LET(uptime, Decimal::parse(argv[k]));
        STIPEND_LET(ppm, uptime.exact_scaled(0));
        STIPEND_LET(decision, decide(*policy, static_cast<std::uint32_t>(ppm)));
        std::printf("%s %s USD\n", decision.action == STIPEND_PAY ? "pay" : "skip",
                    scaled_text(decision.amount_usd_e8, 8).c_str());
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: out_of_tree_decide PROBE FILE.so CONFIG-JSON UPTIME-PPM...\n");
        return 2;
    }
    std::string staging = (std::filesystem::temp_directory_path() / "stipend-test-XXXXXX").native();
    if (::mkdtemp(staging.data()) == nullptr) return 1;
    const auto done = run(argc, argv, staging);
    std::error_code ignored;
    std::filesystem::remove_all(staging, ignored);
    if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
    return done ? 0 : 1;
}
