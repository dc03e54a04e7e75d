#include "host/api/metrics_route.hpp"

#include <filesystem>

#include "host/plugin/instance.hpp"

namespace stipend::api {

void refresh_metrics(engine::Runtime& runtime, work::Metrics& metrics) {
    const auto& engine = runtime.engine();
    const auto& counters = engine.counters();
    const auto count = [&](const char* name, const char* help, std::uint64_t value) {
        metrics.raise_counter(name, help, static_cast<double>(value));
    };
    count("decisions_total", "Decisions that are recorded.", counters.decisions);
    count("paid_total", "Decisions that owe something.", counters.paid);
    count("held_total", "Times that nothing could be decided.", counters.held);
    count("jobs_total", "Jobs that were sent.", counters.jobs);
    count("cycles_total", "Batches that were decided.", counters.cycles);
    count("stray_answers_total", "Answers to jobs that nobody waited for.", counters.unexpected_results);
    count("late_plugin_answers_total", "Answers of plugins to operations that were over.",
          plugin::Instance::late_answers());
    const auto gauge = [&](const char* name, const char* help, double value) { metrics.set_gauge(name, help, value); };
    gauge("orchestrators", "Orchestrators that are paid.", static_cast<double>(runtime.plan().spend.orchestrators));
    gauge("jobs_in_flight", "Jobs under way.", static_cast<double>(engine.in_flight()));
    gauge("generations", "Configurations that still decide something.",
          static_cast<double>(engine.generations().size()));
    gauge("alerts", "Alerts that are raised.", static_cast<double>(engine.alerts().all().size()));
    gauge("price_accepted", "1 where an exchange rate is accepted at present.", engine.rate(runtime.now()) ? 1 : 0);
    gauge("control_longest_turn_seconds", "The longest turn of the control thread since the last look.",
          static_cast<double>(runtime.loop().take_longest_turn_ns()) / 1e9);
    // As of now, but seen by the next look: the ledger's thread may be busy with something long.
    const auto folder = runtime.options().workshop.state_folder;
    runtime.writer().query([&metrics, folder](ledger::Ledger& ledger) {
        const auto stats = ledger.stats();
        if (!stats) return;
        metrics.set_gauge("ledger_bytes", "The ledger's file and its log.",
                          static_cast<double>(stats->database_bytes + stats->wal_bytes));
        std::error_code none;
        const auto disk = std::filesystem::space(folder, none);
        if (none) return;
        const auto days = ledger::disk_days_left(disk.available + stats->free_bytes,
                                                 stats->database_bytes - stats->free_bytes, stats->span_ns);
        if (!days) return;
        metrics.set_gauge("disk_days_left", "Days until the ledger has filled its disk, if it grows as it did.",
                          static_cast<double>(*days));
    });
}

Result<std::unique_ptr<http::Server>> serve_metrics(const std::string& listen, work::Metrics& metrics,
                                                    std::function<void(Task)> post, std::function<void()> refresh) {
    STIPEND_LET(server, http::Server::create({.listen = listen}));
    auto handler = [&metrics, post = std::move(post), refresh = std::move(refresh)](http::ServerRequest&&,
                                                                                    http::Responder responder) {
        post([&metrics, refresh, responder = std::move(responder)]() mutable {
            refresh();
            static_cast<void>(
                responder.respond({200, cat("Content-Type: ", work::Metrics::content_type, "\r\n"), metrics.text()}));
        });
    };
    STIPEND_TRY(server->add_route({.method = "GET", .path = "/metrics", .handler = std::move(handler)}));
    return std::move(server);
}

}  // namespace stipend::api
