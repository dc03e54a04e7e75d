#include "worker_settings.hpp"

#include "livepeer/runner_wire.hpp"
#include "livepeer/wire.hpp"

namespace runner {

using stipend::ConfigView;
using stipend::Result;

namespace {

constexpr std::size_t most_metadata = 1024;                    // bytes, by the orchestrator
constexpr std::int64_t most_nano_usd = 1'000'000'000'000'000;  // a million USD: more is a typing error

Result<std::string> one_of(const ConfigView& config, std::string_view otherwise,
                           std::initializer_list<std::string_view> known, std::string_view want) {
    STIPEND_LET(text, config.string_or(std::string(otherwise)));
    for (const auto one : known) {
        if (one == text) return text;
    }
    return config.refuse("got \"", livepeer::printable(text, 40), "\", want ", want);
}

Result<void> parse_app(const ConfigView& config, WorkerSettings& out) {
    STIPEND_LET(app, config.at("app").string_or(out.capability));
    if (auto good = livepeer::check_app(app); !good) return config.at("app").refuse(good.error().message);
    out.capability = app;
    STIPEND_LET(path, config.at("path").string_or(""));
    const std::string_view bare = path.starts_with('/') ? std::string_view(path).substr(1) : std::string_view(path);
    out.job_path = bare.empty() ? app : std::string(bare);
    if (auto good = livepeer::check_path(out.job_path); !good) {
        return config.at(bare.empty() ? "app" : "path").refuse(good.error().message);
    }
    STIPEND_SET(out.label, livepeer::plain_config_text(config.at("label"), "", 128));
    STIPEND_SET(out.version, livepeer::plain_config_text(config.at("version"), "", 128));
    const auto metadata = config.at("metadata");
    STIPEND_SET(out.metadata, metadata.string_or(""));
    if (out.metadata.size() > most_metadata) {
        return metadata.refuse("got ", out.metadata.size(), " bytes, want at most ", most_metadata);
    }
    STIPEND_SET(out.mode,
                one_of(config.at("mode"), out.mode, {"single-shot", "persistent"}, "single-shot or persistent"));
    return {};
}

Result<void> parse_price(const ConfigView& config, WorkerSettings& out) {
    STIPEND_SET(out.price_unit,
                one_of(config.at("price_unit"), out.price_unit, {"fixed", "hour", "720p"}, "fixed, hour or 720p"));
    const auto price = config.at("price");
    if (!price.present()) return {};
    // Empty, as of a variable that is not set, is as good as none.
    if (price.scalar() != nullptr && price.scalar()->text().empty()) return {};
    STIPEND_LET(nano, price.scaled(9, 0, most_nano_usd));
    if (nano > 0) out.price = stipend::scaled_text(nano, 9);
    return {};
}

}  // namespace

Result<WorkerSettings> parse_worker_settings(const stipend::Json& json) {
    const ConfigView config(json);
    WorkerSettings out;
    STIPEND_TRY(livepeer::parse_worker_orchestrator(config, out));
    STIPEND_TRY(parse_app(config, out));
    STIPEND_TRY(parse_price(config, out));
    STIPEND_TRY(livepeer::parse_worker_answers(config, out));
    return out;
}

}  // namespace runner
