#include "worker_view.hpp"

#include <algorithm>

#include "stipend/config.hpp"
#include "stipend/json_parse.hpp"

namespace byoc {

using stipend::ConfigView;
using stipend::Result;

namespace {

Result<std::uint32_t> ppm(const ConfigView& value) {
    STIPEND_LET(number, value.integer(0, stipend::ppm_one));
    return static_cast<std::uint32_t>(number);
}

Result<ServiceSeen> read_service(const ConfigView& one) {
    ServiceSeen out;
    STIPEND_LET(name, one.at("name").string());
    out.name = name;
    STIPEND_LET(verdict, one.at("verdict").string());
    if (verdict != "up" && verdict != "down" && verdict != "unknown") {
        return one.at("verdict").refuse("got \"", verdict, "\", want up, down or unknown");
    }
    out.verdict = verdict;
    STIPEND_LET(up, ppm(one.at("up_ppm")));
    out.up_ppm = up;
    STIPEND_LET(seen, ppm(one.at("seen_ppm")));
    out.seen_ppm = seen;
    STIPEND_LET(looks, one.at("looks").integer(0));
    out.looks = looks;
    if (const auto since = one.at("not_up_since_ns"); since.present()) {
        STIPEND_LET(at, since.integer(0));
        out.not_up_since = at;
    }
    STIPEND_LET(not_up, one.at("not_up_ns").integer(0));
    out.not_up_ns = not_up;
    STIPEND_LET(why, one.at("why").string_or(""));
    out.why = why;
    return out;
}

Result<ServicesSeen> read(const ConfigView& view) {
    ServicesSeen out;
    STIPEND_LET(now, view.at("now_ns").integer(0));
    out.now = now;
    STIPEND_LET(window, view.at("window_seconds").integer(1));
    out.window_s = window;
    STIPEND_LET(overall, ppm(view.at("overall_ppm")));
    out.overall_ppm = overall;
    STIPEND_LET(coverage, ppm(view.at("coverage_ppm")));
    out.coverage_ppm = coverage;
    for (const auto& one : view.at("services").items()) {
        STIPEND_LET(service, read_service(one));
        out.services.push_back(std::move(service));
    }
    for (const auto& one : view.at("found").items()) {
        STIPEND_LET(name, one.at("name").string());
        STIPEND_LET(why, one.at("why").string_or(""));
        out.found.emplace_back(name, why);
    }
    STIPEND_LET(error, view.at("error").string_or(""));
    out.error = error;
    return out;
}

}  // namespace

std::int64_t ServicesSeen::count_up() const {
    return std::count_if(services.begin(), services.end(), [](const ServiceSeen& one) { return one.up(); });
}

std::string services_view(std::int64_t window_s) {
    return stipend::cat("services?window_seconds=", window_s);
}

Result<ServicesSeen> read_services(std::string_view text) {
    STIPEND_LET(json, stipend::parse_json(text, {.bytes = 16 << 20, .depth = 8, .nodes = 1'000'000}));
    auto out = read(ConfigView(json));
    if (!out) {
        return stipend::fail(STIPEND_E_INVALID, "the host's view of the services: ", out.error().path, ": ",
                             out.error().message);
    }
    return out;
}

}  // namespace byoc
