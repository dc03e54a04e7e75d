#include "worker_settings.hpp"

#include "livepeer/wire.hpp"

namespace byoc {

using stipend::ConfigView;
using stipend::ns_per_s;
using stipend::Result;

namespace {

Result<void> parse_capability(const ConfigView& config, WorkerSettings& out) {
    const auto capability = config.at("capability");
    STIPEND_LET(name, capability.string_or(out.capability));
    if (auto good = livepeer::check_capability(name); !good) return capability.refuse(good.error().message);
    out.capability = name;
    STIPEND_LET(description, config.at("description").string_or(out.description));
    if (description.size() > 1024) {
        return config.at("description").refuse("got ", description.size(), " bytes, want at most 1024");
    }
    out.description = description;
    STIPEND_SET(out.capacity_announced,
                config.at("capacity_announced").integer_or(out.capacity_announced, 1, 1'000'000));
    STIPEND_SET(out.price_per_unit, config.at("price_per_unit").integer_or(0, 0));
    STIPEND_SET(out.price_scaling, config.at("price_scaling").integer_or(1, 1));
    STIPEND_LET(token, livepeer::plain_config_text(config.at("token"), "", 1024));
    if (token.find(' ') != std::string::npos) return config.at("token").refuse("got a blank in it, want none");
    out.token = token;
    STIPEND_SET(out.probe_every_ns,
                config.at("probe_every").duration_or(out.probe_every_ns, ns_per_s, 3600 * ns_per_s));
    return {};
}

}  // namespace

Result<WorkerSettings> parse_worker_settings(const stipend::Json& json) {
    const ConfigView config(json);
    WorkerSettings out;
    STIPEND_TRY(livepeer::parse_worker_orchestrator(config, out));
    STIPEND_TRY(parse_capability(config, out));
    STIPEND_TRY(livepeer::parse_worker_answers(config, out));
    return out;
}

}  // namespace byoc
