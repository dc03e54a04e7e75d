// JSON Schema of the configuration. The attributes of a target have the same members.
#pragma once

namespace monitor {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "HTTP and TCP checks",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "timeout": {"type": "string", "default": "5s", "description": "The timeout of a check, 1ms to 10m."},
    "status": {"type": "string", "default": "200-299", "description": "HTTP: the expected status, or a range."},
    "contains": {"type": "string", "default": "", "description": "HTTP: the body must hold this text."},
    "slow_after": {"type": "string", "description": "A slower response is degraded."},
    "pin_sha256": {"type": "string", "description": "https: the SHA-256 of the only accepted certificate, instead of a trusted chain."},
    "tls": {"type": "string", "enum": ["verify", "none"], "default": "verify", "description": "https: none accepts any certificate."},
    "stranger": {"type": "boolean", "default": false, "description": "The target is not from the operator: loopback, link-local and metadata addresses are rejected."}
  }
})";

}  // namespace monitor
