// JSON Schema of the configuration; the host validates against it before the plugin parses.
#pragma once

#include "../payment/schema.hpp"

namespace payment_dynamic {

inline constexpr char schema_begins[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Tiered pay that follows the payer's demand",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "ceiling": {"type": "number", "minimum": 1, "maximum": 100, "default": 1.5, "description": "The largest factor of demand that is paid; a larger one of the host counts as this. At most six decimals."},
)";

inline constexpr auto whole_schema = payment::joined(schema_begins, payment::tier_options, payment::schema_ends);
inline constexpr const char* config_schema = whole_schema.data();

}  // namespace payment_dynamic
