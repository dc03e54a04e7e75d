#include "host/api/list_part.hpp"

#include <charconv>

#include "host/api/csv.hpp"

namespace stipend::api {

std::string cursor_text(char list, std::int64_t at) {
    return cat(std::string_view(&list, 1), at);
}

Result<std::optional<std::int64_t>> cursor_of(const Request& request, char list) {
    const auto found = request.query.find("cursor");
    if (found == request.query.end()) return std::optional<std::int64_t>();
    const std::string_view text = found->second;
    std::int64_t at = 0;
    const auto* end = text.data() + text.size();
    if (text.size() < 2 || text.front() != list || text[1] == '-' ||
        std::from_chars(text.data() + 1, end, at).ptr != end || cursor_text(list, at) != text) {
        return fail(STIPEND_E_INVALID, "query parameter \"cursor\": want one that an answer of this list had");
    }
    return std::optional(at);
}

Result<PartQuery> part_query(const Request& request, char list) {
    PartQuery out;
    STIPEND_LET(limit, request.number("limit", default_part, 1, most_part));
    out.limit = static_cast<std::size_t>(limit);
    STIPEND_SET(out.at, cursor_of(request, list));
    return out;
}

Result<std::string> orchestrator_query(const Request& request) {
    const auto one = request.query.find("orchestrator");
    if (one == request.query.end()) return std::string();
    if (one->second.empty()) return fail(STIPEND_E_INVALID, "query parameter \"orchestrator\": want an id");
    return one->second;
}

Json next_of(char list, const ListPart& part) {
    return part.next ? Json(cursor_text(list, *part.next)) : Json();
}

Json array_of(std::vector<Json> items) {
    auto out = Json::array();
    for (auto& item : items) out.push(std::move(item));
    return out;
}

Result<bool> wants_csv(const Request& request) {
    const auto format = request.query.find("format");
    if (format == request.query.end() || format->second == "json") return false;
    if (format->second == "csv") return true;
    return fail(STIPEND_E_INVALID, "query parameter \"format\": got \"", clip(format->second, 64),
                "\", want json or csv");
}

Reply csv_reply(const Json& form, char list, const ListPart& part, std::string_view file) {
    Reply out{.status = 200,
              .headers = cat("Content-Disposition: attachment; filename=\"", file, "\"\r\n"),
              .body = csv_of(csv_columns(form), part.items),
              .content_type = "text/csv; charset=utf-8; header=present",
              .tagged = true};
    if (part.next) out.headers += cat("Link: <?cursor=", cursor_text(list, *part.next), ">; rel=\"next\"\r\n");
    return out;
}

Reply bad_query(const Error& error) {
    return problem(400, error.message);
}

std::optional<std::uint64_t> path_number(const Request& request, const std::string& name) {
    const std::string_view text = request.path.at(name);
    const auto* end = text.data() + text.size();
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), end, number);
    return read.ptr == end && read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> epoch_of(const Request& request) {
    return path_number(request, "epoch");
}

}  // namespace stipend::api
