#include "host/runtime/reload.hpp"

#include "host/base/time.hpp"

namespace stipend::runtime {
namespace {

bool flag(const Json& body, std::string_view key) {
    const auto* value = body.find(key);
    return value != nullptr && value->truth();
}

}  // namespace

ReloadRequest reload_request(const Json& body) {
    return {.accept_spend = flag(body, "accept_spend"), .undo = flag(body, "undo"), .check = flag(body, "check")};
}

Json report_json(const ReloadReport& report) {
    Json out = Json::object();
    out.set("valid", report.valid);
    out.set("taken", report.taken);
    out.set("text", report.text);
    Json warnings = Json::array();
    for (const auto& warning : report.warnings) warnings.push(Json(warning));
    out.set("warnings", std::move(warnings));
    out.set("problems", report.diagnostics);
    out.set("generation", report.generation);
    if (report.waits_until) out.set("waits_until", utc_text(*report.waits_until));
    out.set("pause_us", report.pause_ns / 1000);
    return out;
}

}  // namespace stipend::runtime
