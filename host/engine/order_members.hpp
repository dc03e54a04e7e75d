// The members of an order that came as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::engine {

// A text of 1 to `most` bytes, without U+0000; the parser of JSON has checked that it is UTF-8. INVALID, with the
// member's name.
[[nodiscard]] Result<std::string> text_member(const Json& json, std::string_view name, std::size_t most);
// The number of a `what`, 1 or more. INVALID, with the member's name.
[[nodiscard]] Result<std::int64_t> number_member(const Json& json, std::string_view name, std::string_view what);

}  // namespace stipend::engine
