// JSON Schema of the configuration. The attributes of a target have the same members.
#pragma once

namespace monitor {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "HTTP and TCP checks",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "timeout": {"type": "string", "default": "5s", "description": "The longest that a target may take to answer, 1ms to 10m."},
    "status": {"type": "string", "default": "200-299", "description": "HTTP: the status that is well, or a range of them."},
    "contains": {"type": "string", "default": "", "description": "HTTP: the body must hold this text."},
    "slow_after": {"type": "string", "description": "An answer later than this counts as degraded."},
    "pin_sha256": {"type": "string", "description": "https: the SHA-256 of the one certificate to accept, instead of a trusted chain."},
    "tls": {"type": "string", "enum": ["verify", "none"], "default": "verify", "description": "https: none accepts whoever answers."},
    "stranger": {"type": "boolean", "default": false, "description": "Somebody else named the target: loopback, link-local and metadata addresses are refused."}
  }
})";

}  // namespace monitor
