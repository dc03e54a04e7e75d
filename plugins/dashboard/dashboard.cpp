#include "dashboard.hpp"

namespace dashboard {

using namespace stipend;

Result<Dashboard::Settings> Dashboard::parse(const Json& json, const stipend_terms&) {
    const auto* prefix = json.find("prefix");
    return Settings{prefix == nullptr ? "/ui/" : prefix->text()};
}

Result<void> Dashboard::start() {
    STIPEND_SET(site_, Site::make(embedded_files()));
    STIPEND_TRY(add_route(settings_.prefix, site_.index()));
    for (const auto& page : site_.pages()) STIPEND_TRY(add_route(cat(settings_.prefix, page.file.name), page));
    return {};
}

Result<void> Dashboard::add_route(const std::string& path, const Site::Page& page) {
    STIPEND_LET(route, Route::add(host_, "api", "GET", path, [this, &page](RouteRequest request) {
                    const auto answer = answer_of(page, request.headers);
                    ++requests_;
                    if (answer.status == 304) ++unchanged_;
                    request.respond(answer.status, answer.headers, answer.body);
                }));
    routes_.push_back(std::move(route));
    return {};
}

Result<std::string> Dashboard::report() {
    std::uint64_t bytes = 0;
    auto files = Json::array();
    for (const auto& page : site_.pages()) {
        bytes += page.file.bytes.size();
        files.push(std::string(page.file.name));
    }
    return Json::object()
        .append("prefix", settings_.prefix)
        .append("files", std::move(files))
        .append("bytes", static_cast<std::int64_t>(bytes))
        .append("requests", static_cast<std::int64_t>(requests_.load()))
        .append("unchanged", static_cast<std::int64_t>(unchanged_.load()))
        .dump();
}

}  // namespace dashboard
