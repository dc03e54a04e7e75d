// The host takes another configuration: read, planned, held to what waits, and applied.
#include "host/base/file.hpp"
#include "host/base/time.hpp"
#include "host/config/load.hpp"
#include "host/runtime/host.hpp"
#include "host/runtime/service_manager.hpp"
#include "stipend/duration.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t again_retry_ns = 60 * ns_per_s;
constexpr const char* waits_text =
    "it waits for pay periods that began with earlier ones, and is put in force by itself then";

}  // namespace

std::optional<ConfigSource> Host::reload_source(const ReloadRequest& request, ReloadReport& report) const {
    if (request.waited) return waiting_->source;
    if (request.again) return source_;
    if (request.undo) {
        if (!previous_) report.text = "nothing to undo: no reload was applied since the host started";
        return previous_;
    }
    auto text = read_file(options_.config_file, max_config_bytes);
    if (text) return ConfigSource{.text = std::make_shared<const std::string>(std::move(text).value()), .tables = {}};
    report.text = text.error().message;
    return std::nullopt;
}

// Everything that can fail or take long happens before the control thread is involved, so that a wrong file or plugin
// leaves the configuration in force as it is.
ReloadReport Host::try_reload(const ReloadRequest& request, const config::TablesText* tables) {
    const ProcessWatch::Loading loading(*process_watch_);
    ReloadReport report;
    auto source = tables != nullptr ? ConfigSource{source_.text, *tables} : reload_source(request, report);
    if (!source) return report;
    config::Diagnostics diagnostics;
    auto loaded = config::load_text(options_.config_file, source->text, environment_, diagnostics,
                                    source->tables ? &*source->tables : nullptr);
    source->tables = std::move(loaded.tables);
    const auto reject = [&](std::string why) {
        report.text = std::move(why);
        if (!diagnostics.empty()) report.diagnostics = diagnostics.json();
        return report;
    };
    if (!diagnostics.empty()) return reject(diagnostics.text());
    if (auto why = needs_restart(settings_, loaded.settings)) return reject(std::move(*why));
    auto plan = role_->plan(loader_, std::move(loaded.settings), diagnostics);
    auto noticed = loader_.take_warnings();  // of plugins
    if (!plan) return reject(diagnostics.text());
    const auto remark = role_->review(*plan, request, report.pause_ns);
    if (!remark) return reject(remark.error().message);
    const auto with_remark = [&](const std::string& line) { return remark->empty() ? line : cat(line, "\n", *remark); };
    report.valid = true;
    report.warnings = std::move(loaded.warnings);
    report.warnings.insert(report.warnings.end(), noticed.begin(), noticed.end());
    if (request.check) {
        const auto until = on_control(report.pause_ns, [&] { return role_->waits_until(*plan); });
        report.text =
            with_remark(until && *until ? cat("the configuration is valid; it would wait until ", utc_text(**until))
                                        : std::string("the configuration is valid"));
        return report;
    }
    auto settings = plan->settings;
    auto plugins = plan->plugins;
    const auto chosen = plan->chosen;
    auto answer = on_control(report.pause_ns, [&]() -> Result<Applied> {
        report.waits_until = role_->waits_until(*plan);
        (request.again ? again_at_ : retry_at_) = report.waits_until;
        if (report.waits_until) return Applied{};
        return apply(std::move(plan));
    });
    if (report.waits_until && request.again) {
        report.text = cat("what was added to the configuration in force waits until ", utc_text(*report.waits_until));
        return report;
    }
    if (report.waits_until) {
        waiting_ = {std::move(*source), request.accept_spend};
        report.text = with_remark(cat("the configuration is valid, and waits until ", utc_text(*report.waits_until),
                                      " for pay periods that began with earlier ones; it is put in force then, "
                                      "without another reload (`stipend reload --undo` withdraws it)"));
        return report;
    }
    const auto applied = answer ? std::move(*answer) : Result<Applied>(answer.error());
    report.valid = applied.ok();
    if (!applied) return reject(applied.error().message);
    report.taken = true;
    report.generation = applied->generation;
    report.text = with_remark(applied->text);
    report.summary = applied->summary;
    note_applied(chosen, applied->generation);
    if (!request.again) {
        waiting_.reset();
        previous_ = std::exchange(source_, std::move(*source));
    }
    settings_ = std::move(settings);
    plugins_ = std::move(plugins);
    watch_files();
    return report;
}

ReloadReport Host::reload(const ReloadRequest& request, const config::TablesText* tables) {
    if (request.check) {
        auto report = try_reload(request, tables);
        remove_unused_copies();
        return report;
    }
    service_manager::reloading();
    auto report = request.undo && waiting_ ? withdraw_waiting() : try_reload(request, tables);
    if (!report.taken) remove_unused_copies();
    if (!request.waited || report.taken) ++reloads_[report.taken ? 0 : report.waits_until ? 1 : 2];
    log_reload(report);
    // The same text as long as it waits, however often it is tried: an alert that is raised anew each time is noise.
    compare_with_disk(report.waits_until ? waits_text : report.text);
    service_manager::ready(report.taken ? report.summary : std::string());
    return report;
}

// What waits is the last change, so undoing takes it back; what is in force stays.
ReloadReport Host::withdraw_waiting() {
    ReloadReport report;
    const auto withdrawn = on_control(report.pause_ns, [this] { return std::exchange(retry_at_, std::nullopt); });
    report.valid = withdrawn.ok();
    report.text =
        withdrawn ? "the configuration that waited is withdrawn; the one in force stays" : withdrawn.error().message;
    waiting_.reset();
    return report;
}

void Host::retry_waiting() {
    if (!waiting_) return;
    const auto report = reload({.accept_spend = waiting_->accept_spend, .waited = true});
    if (!report.taken && !report.waits_until) waiting_.reset();
}

// What is asked for while one waits for its turn is done by that one.
void Host::apply_again() {
    if (again_asked_.exchange(true)) return;
    serial_->post([this] {
        again_asked_ = false;
        // Each addition was decided by itself.
        const auto report = reload({.accept_spend = true, .again = true});
        if (report.taken || report.waits_until) return;
        // A plugin's file that is refused now may be mended by then.
        loop_.post([this] { again_at_ = now() + again_retry_ns; });
    });
}

void Host::log_reload(const ReloadReport& report) {
    if (report.valid && !report.taken) return log_.info("reload: " + report.text);
    if (!report.taken) return log_.error("reload: rejected, the previous configuration stays in force: " + report.text);
    log_.info("reload: " + report.text);
    for (const auto& warning : report.warnings) log_.warn(warning);
    if (report.pause_ns != 0) log_.info(cat("the reload kept the control thread for ", report.pause_ns / 1000, " us"));
}

}  // namespace stipend::runtime
