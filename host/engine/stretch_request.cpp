#include "host/engine/stretch_request.hpp"

#include "host/base/time.hpp"

namespace stipend::engine {

Result<StretchRequest> parse_stretch(const Json& json, bool of_one) {
    StretchRequest out;
    const auto text = [&](std::string_view key, std::string& to) -> Result<void> {
        const auto* value = json.find(key);
        if (value == nullptr || !value->is(Json::Kind::string) || value->text().empty()) {
            return fail(STIPEND_E_INVALID, "\"", key, "\": got ", value == nullptr ? "nothing" : value->kind_name(),
                        ", want a text");
        }
        to = value->text();
        return {};
    };
    std::string from;
    std::string to;
    if (of_one) STIPEND_TRY(text("orchestrator", out.orchestrator));
    STIPEND_TRY(text("from", from));
    STIPEND_TRY(text("to", to));
    STIPEND_TRY(text("reason", out.reason));
    STIPEND_TRY(text("by", out.by));
    STIPEND_LET(from_at, parse_utc(from));
    STIPEND_LET(to_at, parse_utc(to));
    if (to_at <= from_at) return fail(STIPEND_E_INVALID, "\"to\": got ", to, ", want a time after ", from);
    out.from = from_at;
    out.to = to_at;
    return out;
}

}  // namespace stipend::engine
