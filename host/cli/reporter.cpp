#include "host/cli/reporter.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "stipend/money.hpp"

namespace stipend::cli {
namespace {

spdlog::level::level_enum level_of(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::trace:
            return spdlog::level::trace;
        case config::LogLevel::debug:
            return spdlog::level::debug;
        case config::LogLevel::info:
            return spdlog::level::info;
        case config::LogLevel::warning:
            return spdlog::level::warn;
        case config::LogLevel::error:
            return spdlog::level::err;
        case config::LogLevel::critical:
            return spdlog::level::critical;
    }
    return spdlog::level::info;
}

spdlog::level::level_enum plugin_level(std::int32_t level) {
    switch (level) {
        case STIPEND_LOG_DEBUG:
            return spdlog::level::debug;
        case STIPEND_LOG_INFO:
            return spdlog::level::info;
        case STIPEND_LOG_WARN:
            return spdlog::level::warn;
        default:
            return spdlog::level::err;
    }
}

std::string seconds(std::int64_t ns) {
    return scaled_text(ns / 1'000'000, 3);
}

}  // namespace

LineReporter::LineReporter(config::LogLevel level)
    : logger_(std::make_shared<spdlog::logger>("stipend", std::make_shared<spdlog::sinks::stdout_sink_mt>())) {
    // UTC, so that a line means the same on every machine.
    logger_->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %-8l %v", spdlog::pattern_time_type::utc));
    logger_->set_level(level_of(level));
    logger_->flush_on(spdlog::level::info);
}
LineReporter::~LineReporter() = default;

void LineReporter::decided(const registry::Payee& payee, const ledger::Decision& decision,
                           const ledger::Network& network, stipend_unix_ns now) {
    if (!logger_->should_log(spdlog::level::info)) return;
    const auto unit = network.is_token() ? cat("units of ", network.symbol) : std::string("wei");
    const auto uptime = decision.uptime_ppm ? ppm_to_percent(*decision.uptime_ppm) + " %" : std::string("-");
    logger_->info("{:<24} uptime {:>9}  {:<10} {:>6} USD {:>20} {}  next in {} s{}  epoch {}{}", payee.key, uptime,
                  decision.tier, decision.usd.text(), decision.wei.text(), unit,
                  seconds(std::max<std::int64_t>(0, decision.next_at - now)), decision.suspended ? "  SUSPENDED" : "",
                  decision.epoch, decision.job == ledger::Job::failed ? "  " + decision.reason : "");
}

void LineReporter::held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why, stipend_unix_ns) {
    logger_->info("{:<24} held: epoch {} stays open: {}", payee.key, epoch, why);
}

void LineReporter::alert(const engine::Alert& alert) {
    const auto level = alert.resolved                             ? spdlog::level::info
                       : alert.severity == STIPEND_ALERT_CRITICAL ? spdlog::level::critical
                                                                  : spdlog::level::warn;
    logger_->log(level, "alert {}: {}", alert.id, alert.text);
}

bool LineReporter::enabled(std::int32_t level) const {
    return logger_->should_log(plugin_level(level));
}
void LineReporter::write(std::int32_t level, std::string_view instance, std::string_view message) {
    logger_->log(plugin_level(level), "{}: {}", instance, message);
}
void LineReporter::info(std::string_view message) {
    logger_->info(message);
}
void LineReporter::warn(std::string_view message) {
    logger_->warn(message);
}
void LineReporter::error(std::string_view message) {
    logger_->error(message);
}

}  // namespace stipend::cli
