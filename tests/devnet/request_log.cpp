#include "tests/devnet/request_log.hpp"

#include <algorithm>

#include "stipend/json_parse.hpp"

namespace stipend::devnet {

Json of_foreign(std::string text) {
    auto out = Json(text);
    if (parse_json(out.dump())) return out;
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return Json(text);
}

void RequestLog::note(std::string to, const Request& request) {
    ++total_;
    if (noted_.size() >= max_requests) noted_.pop_front();
    noted_.push_back({.to = std::move(to),
                      .method = request.method,
                      .path = request.path,
                      .query = request.query,
                      .headers = request.headers,
                      .body = request.body.substr(0, max_body)});
}

Json RequestLog::json(std::size_t limit) const {
    auto list = Json::array();
    const auto skip = noted_.size() > limit ? noted_.size() - limit : 0;
    for (auto one = noted_.begin() + static_cast<std::ptrdiff_t>(skip); one != noted_.end(); ++one) {
        auto headers = Json::array();
        for (const auto& [name, value] : one->headers) {
            headers.push(Json::array().push(of_foreign(name)).push(of_foreign(value)));
        }
        list.push(Json::object()
                      .set("to", one->to)
                      .set("method", one->method)
                      .set("path", of_foreign(one->path))
                      .set("query", of_foreign(one->query))
                      .set("headers", std::move(headers))
                      .set("body", of_foreign(one->body)));
    }
    return Json::object().set("total", Json::of_number(std::to_string(total_))).set("requests", std::move(list));
}

}  // namespace stipend::devnet
