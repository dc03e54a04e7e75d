#include "host/api/request.hpp"

#include <algorithm>
#include <charconv>

#include "stipend/hex.hpp"

namespace stipend::api {
namespace {

// Cuts the next part off the front of `text`.
std::string_view next_part(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (c == '%') {
            if (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) {
                return fail(STIPEND_E_INVALID, "got a % without two hex digits");
            }
            c = static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
            at += 2;
        }
        if (c < 0x20 || c == 0x7f) {
            return fail(STIPEND_E_INVALID, "got a byte that is no printable ASCII character");
        }
        out.push_back(c);
    }
    return out;
}

Result<Query> parse_query(std::string_view text, std::span<const std::string_view> allowed) {
    Query out;
    while (!text.empty()) {
        auto part = next_part(text, '&');
        const auto name = next_part(part, '=');
        if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
            return fail(STIPEND_E_INVALID, "unknown query parameter \"", clip(name, 64), "\"");
        }
        auto value = percent_decode(part);
        if (!value) return fail(STIPEND_E_INVALID, "query parameter \"", name, "\": ", value.error().message);
        if (!out.emplace(name, std::move(*value)).second) {
            return fail(STIPEND_E_INVALID, "query parameter \"", name, "\": want it once");
        }
    }
    return out;
}

std::optional<PathValues> match_path(std::string_view pattern, std::string_view path) {
    PathValues out;
    while (!pattern.empty() || !path.empty()) {
        if (!pattern.starts_with('/') || !path.starts_with('/')) return std::nullopt;
        pattern.remove_prefix(1);
        path.remove_prefix(1);
        const auto wanted = pattern.substr(0, pattern.find('/'));
        const auto got = path.substr(0, path.find('/'));
        pattern.remove_prefix(wanted.size());
        path.remove_prefix(got.size());
        if (wanted.starts_with('{') && wanted.ends_with('}') && !got.empty()) {
            out.emplace(wanted.substr(1, wanted.size() - 2), got);
        } else if (wanted != got) {
            return std::nullopt;
        }
    }
    return out;
}

Result<std::int64_t> Request::number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                     std::int64_t most) const {
    const auto found = query.find(name);
    if (found == query.end()) return otherwise;
    std::int64_t out = 0;
    const auto& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size() || out < least || out > most) {
        return fail(STIPEND_E_INVALID, "query parameter \"", name, "\": got \"", clip(text, 64),
                    "\", want a whole number from ", least, " to ", most);
    }
    return out;
}

Result<std::string> Request::text(std::string_view name, std::size_t most) const {
    const auto* member = body.find(name);
    if (member == nullptr) return fail(STIPEND_E_INVALID, "the member \"", name, "\" is missing");
    if (!member->is(Json::Kind::string) || member->text().empty() || member->text().size() > most) {
        return fail(STIPEND_E_INVALID, "\"", name, "\": want a text of 1 to ", most, " bytes");
    }
    return member->text();
}

Result<std::string> Request::text_or_none(std::string_view name, std::size_t most) const {
    const auto* member = body.find(name);
    if (member == nullptr || member->is(Json::Kind::null)) return std::string();
    return text(name, most);
}

Result<std::vector<std::string>> Request::texts(std::string_view name, std::size_t most_items, std::size_t most,
                                                bool required) const {
    std::vector<std::string> out;
    const auto* member = body.find(name);
    if (member == nullptr && !required) return out;
    if (member == nullptr) return fail(STIPEND_E_INVALID, "the member \"", name, "\" is missing");
    bool good = member->is(Json::Kind::array) && member->items().size() <= most_items;
    for (const auto& item : member->items()) {
        good = good && item.is(Json::Kind::string) && !item.text().empty() && item.text().size() <= most;
        if (good) out.push_back(item.text());
    }
    if (good) return out;
    return fail(STIPEND_E_INVALID, "\"", name, "\": want an array of at most ", most_items, " texts of 1 to ", most,
                " bytes");
}

}  // namespace stipend::api
