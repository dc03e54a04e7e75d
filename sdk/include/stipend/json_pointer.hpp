// JSON pointers (RFC 6901).
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "stipend/json.hpp"

namespace stipend {

// Whether a text is one: empty, or each step begins with a slash, and each ~ is ~0 or ~1.
[[nodiscard]] constexpr bool is_json_pointer(std::string_view text) {
    if (!text.empty() && text.front() != '/') return false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '~' && (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1'))) return false;
    }
    return true;
}

// The value at a pointer, or NULL.
[[nodiscard]] inline const Json* value_at(const Json& root, std::string_view pointer) {
    const auto* at = &root;
    while (!pointer.empty() && at != nullptr) {
        pointer.remove_prefix(1);  // the slash
        const auto token = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(token.size());
        if (at->is(Json::Kind::array)) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
            const bool whole = error == std::errc() && end == token.data() + token.size();
            at = whole && index < at->items().size() ? &at->items()[index] : nullptr;
            continue;
        }
        std::string key;
        for (std::size_t k = 0; k < token.size(); ++k) {
            if (token[k] == '~' && k + 1 < token.size()) {
                key += token[++k] == '1' ? '/' : '~';
            } else {
                key += token[k];
            }
        }
        at = at->find(key);
    }
    return at;
}

}  // namespace stipend
