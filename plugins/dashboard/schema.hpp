// JSON Schema of the configuration.
#pragma once

namespace dashboard {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "The pages of a manager for a browser",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "prefix": {"type": "string", "default": "/ui/", "pattern": "^/[a-z0-9][a-z0-9_-]*/$", "maxLength": 64,
      "description": "Below which path the pages are: that of the entry of `api.plugins`."}
  }
})";

}  // namespace dashboard
