// The description of the API's routes.
#pragma once

#include <string_view>

namespace stipend::api {

// OpenAPI 3.1: a JSON document.
[[nodiscard]] std::string_view openapi_document();

}  // namespace stipend::api
