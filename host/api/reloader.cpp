#include "host/api/reloader.hpp"

#include <algorithm>
#include <cstring>
#include <future>

#include "host/base/file.hpp"
#include "host/config/load.hpp"
#include "host/plugin/policy_instance.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t max_file_bytes = 64u << 20;

// Runs `work` on the control thread and waits for its answer. STATE where the host ends meanwhile. Raises `pause_ns` to
// the time that it took there.
template <class Work>
auto on_control(engine::Runtime& runtime, std::int64_t& pause_ns, Work work) -> Result<decltype(work())> {
    using Answer = decltype(work());
    struct Timed {
        Answer answer;
        std::int64_t took_ns;
    };
    std::promise<Timed> promise;
    auto answer = promise.get_future();
    runtime.post([promise = std::move(promise), work = std::move(work)]() mutable {
        const SystemClock clock;
        const auto begun = clock.monotonic();
        auto got = work();
        promise.set_value({std::move(got), clock.monotonic() - begun});
    });
    try {
        auto timed = answer.get();
        pause_ns = std::max(pause_ns, timed.took_ns);
        return std::move(timed.answer);
    } catch (const std::future_error&) {
        return fail(STIPEND_E_STATE, "the host is stopping");
    }
}

}  // namespace

std::string in_force(ledger::GenerationId generation, std::size_t orchestrators) {
    return cat("generation ", generation, " is in force, ", orchestrators, " orchestrators");
}

Reloader::Reloader(engine::Runtime& runtime, plugin::Loader& loader, const config::Environment& environment,
                   std::string file, std::string text, config::Settings settings, engine::Spend spend)
    : runtime_(runtime),
      loader_(loader),
      environment_(environment),
      file_(std::move(file)),
      text_(std::move(text)),
      settings_(std::move(settings)),
      spend_(spend) {}

std::optional<std::string> Reloader::source(const ReloadRequest& request, ReloadReport& report) const {
    if (request.undo) {
        if (!previous_) report.text = "nothing to undo: no reload was taken since the host started";
        return previous_;
    }
    auto text = read_file(file_, max_file_bytes);
    if (text) return std::move(text).value();
    report.text = text.error().message;
    return std::nullopt;
}

std::optional<std::string> Reloader::needs_restart(const config::Settings& next) const {
    const auto differs = [](const char* option) {
        return cat(option, " cannot change while the host runs: restart it");
    };
    if (next.role != settings_.role) return differs("role");
    if (next.state != settings_.state) return differs("state");
    if (next.chain_id != settings_.chain_id) return differs("network.chain_id");
    if (next.settlement != settings_.settlement) return differs("settlement");
    if (next.metrics_listen != settings_.metrics_listen) return differs("listen.metrics");
    if (next.plugin_folder != settings_.plugin_folder) return differs("plugins.folder");
    return std::nullopt;
}

ReloadReport Reloader::reload(const ReloadRequest& request) {
    const std::lock_guard lock(mutex_);
    ReloadReport report;
    auto text = source(request, report);
    if (!text) return report;
    config::Problems problems;
    auto loaded = config::load_text(file_, *text, environment_, problems);
    const auto refuse = [&](std::string why) {
        report.text = std::move(why);
        if (!problems.empty()) report.problems = problems.json();
        return report;
    };
    if (!problems.empty()) return refuse(problems.text());
    if (auto why = needs_restart(loaded.settings)) return refuse(std::move(*why));
    auto plan = engine::make_plan(loader_, std::move(loaded.settings), problems);
    if (!plan) return refuse(problems.text());
    if (const auto same = replay(*plan, report.pause_ns); !same) return refuse(same.error().message);

    const auto spend = cat("largest possible spend: ", engine::spend_text(spend_), "\n                     -> ",
                           engine::spend_text(plan->spend));
    if (!request.accept_spend && engine::more_than_doubles(spend_, plan->spend)) {
        return refuse(cat(spend, "\nrefused: it more than doubles; take it with `stipend reload --accept-spend`"));
    }
    report.valid = true;
    report.warnings = std::move(loaded.warnings);
    if (request.check) {
        report.text = cat("the host would take it\n", spend);
        return report;
    }
    auto settings = plan->settings;
    const auto next_spend = plan->spend;
    const auto taken = apply(std::move(*plan), report.pause_ns);
    report.valid = taken.ok();
    if (!taken) return refuse(taken.error().message);
    report.taken = true;
    report.generation = *taken;
    report.text = cat("generation ", *taken, " is in force for every pay period that begins from now on\n", spend);
    report.summary = in_force(*taken, next_spend.orchestrators);
    previous_ = std::exchange(text_, std::move(*text));
    settings_ = std::move(settings);
    spend_ = next_spend;
    return report;
}

bool Reloader::uses(const std::string& file) {
    const std::lock_guard lock(mutex_);
    std::vector<const config::PluginRef*> active{&settings_.payment.policy, &settings_.dispatch, &settings_.price};
    for (const auto& monitor : settings_.monitors) active.push_back(&monitor);
    for (const auto* reference : active) {
        if (loader_.file_of(reference->plugin).filename() == file) return true;
    }
    return false;
}

Result<void> Reloader::replay(const engine::Plan& plan, std::int64_t& pause_ns) {
    struct Before {
        std::string sha256, config_json, plugin_id;
        std::uint32_t revision = 0;
        stipend_terms terms{};
        std::vector<engine::Engine::Recorded> recorded;
    };
    STIPEND_LET(before, on_control(runtime_, pause_ns, [this] {
                    const auto& now = runtime_.plan();
                    const auto& settings = now.settings;
                    return Before{
                        now.policy.chosen.library->staged.sha256,
                        now.policy.config_json,
                        now.policy.chosen.plugin->id,
                        runtime_.engine().generations().back()->policies.front()->revision(),
                        {sizeof(stipend_terms), 0, settings.payment.interval_ns, settings.payment.base_usd_e8},
                        runtime_.engine().recorded()};
                }));
    const auto& chosen = plan.policy.chosen;
    if (chosen.library->staged.sha256 == before.sha256 || chosen.plugin->id != before.plugin_id) return {};
    const auto revision = plan.publication.generation->policies.front()->revision();
    if (revision > before.revision) return {};
    const auto advice = cat("; a policy that is meant to decide otherwise raises its revision above ", before.revision);
    const auto& file = chosen.library->staged.source;
    auto policy = plugin::PolicyInstance::create(*chosen.library->entry, *chosen.plugin, file, "replay",
                                                 before.config_json, before.terms);
    if (!policy)
        return fail(STIPEND_E_CONFLICT, "the new code refuses the configuration in force: ", policy.error().message,
                    advice);
    for (const auto& recorded : before.recorded) {
        stipend_decision decision{};
        const auto decided = (*policy)->decide({&recorded.sample, 1}, {&decision, 1});
        if (decided && std::memcmp(&decision, &recorded.decision, sizeof decision) == 0) continue;
        return fail(STIPEND_E_CONFLICT, "the new code decides otherwise: ", file.native(), ": got ",
                    decided ? cat(decision.tier, ", ", scaled_text(decision.amount_usd_e8, 8), " USD")
                            : decided.error().message,
                    " for a recorded sample, want ", recorded.decision.tier, ", ",
                    scaled_text(recorded.decision.amount_usd_e8, 8), " USD", advice);
    }
    return {};
}

Result<ledger::GenerationId> Reloader::apply(engine::Plan plan, std::int64_t& pause_ns) {
    // Handed over by pointer: a plan is large, and what is left of the old one is freed here, not on the control
    // thread.
    auto next = std::make_shared<engine::Plan>(std::move(plan));
    using Applied = std::unique_ptr<Result<ledger::GenerationId>>;
    STIPEND_LET(applied, on_control(runtime_, pause_ns, [this, next]() -> Applied {
                    return std::make_unique<Result<ledger::GenerationId>>(runtime_.apply(std::move(*next)));
                }));
    return std::move(*applied);
}

}  // namespace stipend::api
