// Recorded history decided again, and the policy's `decide` alone over as many samples.
//
//   replay_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM FOLDER DECISIONS ORCHESTRATORS
//
// Records the history first. Measures, each over all of it whatever the count, in CPU time of the thread: `replay` (as
// `stipend policy replay` does: read, reproduced, decided by another table at the recorded checks and at those of its
// own schedule), `same` (by the same table), `read` (the rows alone) and `bare` (as many samples through the ABI, one
// by one, without a ledger).
#include <charconv>

#include "host/engine/payee_state.hpp"
#include "host/engine/policy_history.hpp"
#include "host/plugin/loader.hpp"
#include "stipend/record.hpp"
#include "tests/bench/instrument.hpp"
#include "tests/bench/recorded_history.hpp"

using namespace stipend;
using namespace stipend::bench;

namespace {

const std::string recorded_config = R"({"table":"default"})";
const std::string other_config = R"({"table":"flat-95"})";
constexpr std::size_t kept_samples = 4096;

std::uint64_t number_of(const char* text) {
    std::uint64_t out = 0;
    const std::string_view view(text);
    if (std::from_chars(view.data(), view.data() + view.size(), out).ec != std::errc()) die("want a number");
    return out;
}

class Replayed {
  public:
    Replayed(std::filesystem::path file, plugin::Chosen chosen) : file_(std::move(file)), chosen_(std::move(chosen)) {}

    [[nodiscard]] std::shared_ptr<const plugin::PolicyInstance> policy(const std::string& config,
                                                                       const stipend_terms& terms) const {
        const auto& library = *chosen_.library;
        return must(plugin::PolicyInstance::create(*library.entry, *chosen_.plugin, library.staged.source, "replay",
                                                   config, terms));
    }

    [[nodiscard]] Result<Measured> replay(const std::string& config) const {
        const auto read = must(open());
        const auto asked = must(open());
        std::map<std::pair<ledger::GenerationId, std::string>, engine::PolicyInUse> made;
        const engine::PolicySource policies = [&](const ledger::Generation& row, const std::string& own,
                                                  const stipend_terms& terms) -> Result<engine::PolicyInUse> {
            auto& one = made[{row.id, own}];
            if (!one.policy) one = {.policy = policy(own, terms), .so_sha256 = row.so_sha256};
            return one;
        };
        const engine::TermsSource present = [](const std::string&) { return std::optional<engine::PresentTerms>(); };
        const auto other = policy(config, terms_);
        const engine::PolicyHistory::OtherSource others = [&](const std::string&, Usd) {
            return Result(engine::PolicyHistory::Other{.policy = other});
        };
        Measured measured;
        const auto from = thread_cpu_ns();
        engine::PolicyHistory history(*asked, policies, present, others);
        stipend_unix_ns last = 0;
        STIPEND_TRY(read->export_decisions({.brief = true}, [&](const ledger::DecisionLine& line) {
            last = std::max(last, line.decision.decided_at);
            return history.take(line);
        }));
        STIPEND_TRY(history.finish(last));
        measured.ns = thread_cpu_ns() - from;
        const auto total = history.total();
        if (history.not_reproduced() != 0) die(history.problems().front());
        measured.done = total.decisions;
        measured.check = static_cast<std::uint64_t>(total.low.count_e8() / e8);
        return measured;
    }

    [[nodiscard]] Result<Measured> read() const {
        const auto book = must(open());
        Measured measured;
        const auto from = thread_cpu_ns();
        STIPEND_TRY(book->export_decisions({.brief = true}, [&](const ledger::DecisionLine&) -> Result<void> {
            ++measured.done;
            return {};
        }));
        measured.ns = thread_cpu_ns() - from;
        return measured;
    }

    [[nodiscard]] Result<Measured> bare(std::uint64_t count) const {
        const auto decides = policy(recorded_config, terms_);
        std::vector<stipend_sample> samples;
        const auto book = must(open());
        STIPEND_TRY(book->export_decisions({.limit = kept_samples}, [&](const ledger::DecisionLine& line) {
            const ledger::EngineState state{.epoch = line.decision.epoch - 1, .interval_ns = terms_.interval_ns};
            samples.push_back(engine::recorded_sample(state, line.decision, Usd::of_e8(terms_.base_usd_e8)));
            return Result<void>();
        }));
        Measured measured;
        stipend_decision decision{};
        const auto from = thread_cpu_ns();
        for (; measured.done < count; ++measured.done) {
            STIPEND_TRY(decides->decide({&samples[measured.done % samples.size()], 1}, {&decision, 1}));
        }
        measured.ns = thread_cpu_ns() - from;
        return measured;
    }

    [[nodiscard]] const stipend_terms& terms() const { return terms_; }
    [[nodiscard]] const plugin::Chosen& chosen() const { return chosen_; }

  private:
    [[nodiscard]] Result<std::unique_ptr<ledger::Ledger>> open() const {
        return ledger::open(
            file_, {.access = ledger::Access::read_only, .ns = {.mode = ledger::Mode::dry_run, .chain_id = 42161}});
    }

    const std::filesystem::path file_;
    const plugin::Chosen chosen_;
    const stipend_terms terms_ = make_terms(60 * ns_per_s, 10 * e8);
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        die("usage: replay_bench PLUGIN_FOLDER STAGING_FOLDER PROBE_PROGRAM FOLDER DECISIONS ORCHESTRATORS");
    }
    const plugin::ProbeOptions probe{.program = argv[3]};
    plugin::Loader loader({.folder = argv[1], .staging = argv[2], .probe = probe});
    const auto file = ledger::database_file(argv[4]);
    const Replayed replayed(file, must(loader.load({.plugin = "payment", .id = {}, .sha256 = {}})));
    const auto count = record_history(file,
                                      {.decisions = number_of(argv[5]),
                                       .orchestrators = number_of(argv[6]),
                                       .seed = 42,
                                       .interval_ns = replayed.terms().interval_ns,
                                       .base_usd_e8 = replayed.terms().base_usd_e8,
                                       .config = recorded_config,
                                       .so_sha256 = replayed.chosen().library->staged.sha256},
                                      replayed.policy(recorded_config, replayed.terms()));
    return serve({{"replay", [&](std::uint64_t) { return replayed.replay(other_config); }},
                  {"same", [&](std::uint64_t) { return replayed.replay(recorded_config); }},
                  {"read", [&](std::uint64_t) { return replayed.read(); }},
                  {"bare", [&](std::uint64_t) { return replayed.bare(count); }}});
}
