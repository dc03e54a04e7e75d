#include "host/engine/order_members.hpp"

#include "stipend/decimal.hpp"

namespace stipend::engine {

Result<std::string> text_member(const Json& json, std::string_view name, std::size_t most) {
    const auto* member = json.find(name);
    if (member == nullptr || !member->is(Json::Kind::string))
        return fail(STIPEND_E_INVALID, "\"", name, "\": want a text");
    const auto& text = member->text();
    if (text.empty() || text.size() > most) {
        return fail(STIPEND_E_INVALID, "\"", name, "\": got ", text.size(), " bytes, want 1 to ", most);
    }
    if (text.find('\0') != std::string::npos) {
        return fail(STIPEND_E_INVALID, "\"", name, "\": has the character U+0000, which no text has");
    }
    return text;
}

Result<std::int64_t> number_member(const Json& json, std::string_view name, std::string_view what) {
    const auto* member = json.find(name);
    if (member != nullptr && member->is(Json::Kind::number)) {
        const auto number = Decimal::parse(member->text());
        const auto whole = number ? number->exact_scaled(0) : Result<std::int64_t>(number.error());
        if (whole && *whole >= 1) return *whole;
    }
    return fail(STIPEND_E_INVALID, "\"", name, "\": want the number of a ", what, ", 1 or more");
}

}  // namespace stipend::engine
