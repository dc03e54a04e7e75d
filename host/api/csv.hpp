// Records of the API as CSV (RFC 4180), for spreadsheets.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/json.hpp"

namespace stipend::api {

// The names of a record's values in order; a value inside an object has the names of both, with a dot between.
[[nodiscard]] std::vector<std::string> csv_columns(const Json& record);

// A first line with the columns, then one for each record; null and missing values are empty. A text that a spreadsheet
// would run as a formula has an apostrophe before it.
[[nodiscard]] std::string csv_of(std::span<const std::string> columns, std::span<const Json> records);

}  // namespace stipend::api
