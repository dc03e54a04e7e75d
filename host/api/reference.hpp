// The routes of the API for people to read, made from the OpenAPI document.
#pragma once

#include <cstdint>
#include <string>

namespace stipend::api {

enum class ReferenceFormat : std::uint8_t { markdown, html };

// docs/api-reference.md, or the whole page that the API serves at /api/v1/docs: without scripts, and with nothing from
// elsewhere.
[[nodiscard]] std::string api_reference(ReferenceFormat format);

}  // namespace stipend::api
