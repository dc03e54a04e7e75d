#include "host/cli/moment.hpp"

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "stipend/duration.hpp"

namespace stipend::cli {

Result<std::optional<stipend_unix_ns>> moment(std::string_view option, std::string_view text, stipend_unix_ns now) {
    if (text.empty()) return std::optional<stipend_unix_ns>();
    const auto ago = parse_duration(text.starts_with('-') ? text.substr(1) : text);
    if (ago) return std::optional(now - *ago);
    auto at = parse_utc(text);
    if (at) return std::optional(*at);
    return fail(STIPEND_E_INVALID, option, ": got \"", printable_line(clip(text, 60)),
                "\", want a time such as 2026-11-22T06:00:00Z, or how long ago, such as -7d");
}

}  // namespace stipend::cli
